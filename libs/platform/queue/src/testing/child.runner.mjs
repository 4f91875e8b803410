import { runTypeScript } from '@fourfold-tools/testing/run-typescript';

await runTypeScript(new URL('child.process.ts', import.meta.url));
