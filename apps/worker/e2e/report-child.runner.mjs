// The worker's own child for reports, from a bundle of its sources.
import { importBundled } from '@fourfold-tools/testing/bundle';

await importBundled(new URL('../src/children/report.child.ts', import.meta.url));
