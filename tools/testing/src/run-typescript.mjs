// Runs a TypeScript module in a process of its own: Vite is what understands our sources in tests too.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

/**
 * @param {URL} url of a module that exports `run(argument)`
 * @param {string} [argument] for it
 */
export async function runTypeScript(url, argument) {
  const { module } = await runnerImport(fileURLToPath(url), {
    configFile: false,
    logLevel: 'error',
    // Sources of our other packages too, and not what was built of them at some time.
    environments: {
      inline: {
        resolve: {
          conditions: ['@fourfold/source', 'node', 'import', 'module', 'default'],
          noExternal: [/^@fourfold/, /^@shop/],
        },
      },
    },
  });
  await module.run(argument);
}
