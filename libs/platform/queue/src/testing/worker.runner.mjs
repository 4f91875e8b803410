import { runTypeScript } from './run-typescript.mjs';

await runTypeScript(new URL('worker.process.ts', import.meta.url), process.argv[2]);
