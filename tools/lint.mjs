/*
 * ESLint with the module boundaries on. The boundary rule reads Nx's project graph from a cache, and without one it
 * prints a warning and checks nothing: so the graph is made first, and that warning is a failure.
 */
import { spawnSync } from 'node:child_process';

const env = { ...process.env, NX_DAEMON: 'false' };
const run = (command, args) => spawnSync(command, args, { env, encoding: 'utf8', shell: false });

const graph = run('nx', ['show', 'projects']);
if (graph.status !== 0) {
  console.error(`Nx could not make the project graph:\n${graph.stdout}${graph.stderr}`);
  process.exit(1);
}
const lint = run('eslint', ['.', '--max-warnings', '0', ...process.argv.slice(2)]);
const output = `${lint.stdout}${lint.stderr}`;
if (output !== '') console.error(output);
if (output.includes('rule will be skipped')) {
  console.error('The module boundaries were not checked: the project graph was not there.');
  process.exit(1);
}
process.exit(lint.status ?? 1);
