import { runTypeScript } from '@fourfold-tools/testing/run-typescript';

await runTypeScript(new URL('closing.process.ts', import.meta.url), ...process.argv.slice(2));
