// One of our apps, from a bundle of its sources: it starts in half the processor time, and tests start many.
// What is built, `dist/main.js`, is started by the tests of `npm start`.
import { importBundled } from '@fourfold-tools/testing/bundle';

await importBundled(new URL(`../../../apps/${process.argv[2]}/src/main.ts`, import.meta.url));
