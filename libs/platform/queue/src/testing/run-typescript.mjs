// Runs a TypeScript module in a process of its own: Vite is what understands our sources in tests too.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const conditions = ['@fourfold/source', 'node', 'import', 'module', 'default'];

/** @param {URL} url of a module that exports `run(argument)` */
export async function runTypeScript(url, argument) {
  const { module } = await runnerImport(fileURLToPath(url), {
    configFile: false,
    logLevel: 'error',
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: ['node', 'import', 'default'] } },
  });
  await module.run(argument);
}
