import { runTypeScript } from './run-typescript.mjs';

await runTypeScript(new URL('child.process.ts', import.meta.url));
