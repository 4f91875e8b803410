/*
 * oxlint for the language, and ESLint for the module boundaries alone, which only Nx's plugin knows. That rule reads
 * Nx's project graph from a cache, and without one it prints a warning and checks nothing: so the graph is made first,
 * and that warning is a failure. With --fix, oxlint repairs what it can.
 */
import { spawnSync } from 'node:child_process';

/** @returns {string} what it printed, and ends this process where it failed */
function run(command, args) {
  const env = { ...process.env, NX_DAEMON: 'false' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8' });
  const output = `${stdout ?? ''}${stderr ?? ''}`;
  if (status === 0) return output;
  console.error(`${command} failed${error ? `: ${error.message}` : ''}\n${output}`);
  process.exit(1);
}

run('oxlint', ['--deny-warnings', ...process.argv.slice(2)]);
run('nx', ['show', 'projects']);
if (run('eslint', ['.', '--max-warnings', '0']).includes('rule will be skipped')) {
  console.error('The module boundaries were not checked: the project graph was not there.');
  process.exit(1);
}
