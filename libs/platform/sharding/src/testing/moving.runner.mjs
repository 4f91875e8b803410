import { runTypeScript } from '@fourfold-tools/testing/run-typescript';

await runTypeScript(new URL('moving.process.ts', import.meta.url), process.argv[2]);
