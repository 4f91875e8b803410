import { runTypeScript } from '@fourfold-tools/testing/run-typescript';

await runTypeScript(new URL('forking.process.ts', import.meta.url));
