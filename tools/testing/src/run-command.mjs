// One of our commands, from a bundle of its sources: `node run-command.mjs <its main.ts> [arguments]`. What is built,
// `dist/main.js`, is started by the tests of `npm start`.
import { pathToFileURL } from 'node:url';
import { importBundled } from './bundle.mjs';

process.argv.splice(1, 1);
await importBundled(pathToFileURL(process.argv[1]));
