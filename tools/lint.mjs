/*
 * oxlint for the language, and beside it ESLint for the module boundaries alone, which only Nx's plugin knows. That
 * rule reads Nx's project graph from a cache, and without one it prints a warning and checks nothing: so the graph is
 * made first, and that warning is a failure. With --fix, oxlint repairs what it can.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const env = { ...process.env, NX_DAEMON: 'false' };

/** @returns {Promise<string>} what it printed; rejects where it failed */
async function run(command, args) {
  const { stdout, stderr } = await promisify(execFile)(command, args, { env, maxBuffer: Infinity });
  return `${stdout}${stderr}`;
}

async function checkBoundaries() {
  await run('nx', ['show', 'projects']);
  if ((await run('eslint', ['.', '--max-warnings', '0'])).includes('rule will be skipped'))
    throw new Error('The module boundaries were not checked: the project graph was not there.');
}

const checks = [run('oxlint', ['--deny-warnings', ...process.argv.slice(2)]), checkBoundaries()];
for (const outcome of await Promise.allSettled(checks)) {
  if (outcome.status === 'fulfilled') continue;
  const { message, stdout = '', stderr = '' } = outcome.reason;
  console.error(`${message.split('\n')[0]}\n${stdout}${stderr}`);
  process.exitCode = 1;
}
