// Runs dead-letter.process.ts in a process of its own: Vite is what understands our sources in tests too.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('dead-letter.process.ts', import.meta.url)), {
  configFile: false,
  logLevel: 'error',
  // Sources of other libraries too, and not what was built of them at some time.
  environments: {
    inline: {
      resolve: {
        conditions: ['@fourfold/source', 'node', 'import', 'module', 'default'],
        noExternal: [/^@fourfold/],
      },
    },
  },
});
await module.run(process.argv[2]);
