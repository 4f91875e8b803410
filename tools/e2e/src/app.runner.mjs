// One of our apps, from a bundle of its sources: it starts in half the processor time, and tests start many.
// What is built, `dist/main.js`, is started by the tests of `npm start`.
import process from 'node:process';
import { importBundled } from '@fourfold-tools/testing/bundle';

// It does not outlive the process that started it, however that ends.
process.stdin.resume().on('close', () => process.kill(process.pid, 'SIGKILL'));
process.stdin.unref();

await importBundled(new URL(`../../../apps/${process.argv[2]}/src/main.ts`, import.meta.url));
