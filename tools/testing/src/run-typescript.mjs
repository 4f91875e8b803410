import { importBundled } from './bundle.mjs';

/**
 * Runs a TypeScript module in a process of its own.
 * @param {URL} url of a module that exports `run(...args)`
 * @param {...string} args for it
 */
export async function runTypeScript(url, ...args) {
  const { run } = await importBundled(url);
  await run(...args);
}
