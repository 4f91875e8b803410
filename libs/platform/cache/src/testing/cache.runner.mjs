// Runs cache.process.ts in a process of its own: Vite is what understands our sources in tests too.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const conditions = ['@fourfold/source', 'node', 'import', 'module', 'default'];
const { module } = await runnerImport(fileURLToPath(new URL('cache.process.ts', import.meta.url)), {
  configFile: false,
  logLevel: 'error',
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node', 'import', 'default'] } },
});
await module.run(process.argv[2]);
