/*
 * oxlint for the language, and beside it ESLint for the module boundaries alone, which only Nx's plugin knows. That
 * rule reads Nx's project graph from a cache, and without one it prints a warning and checks nothing: so the graph is
 * made first, and that warning is a failure. No rule of either sees cycles between folders, so these are looked for
 * here. With --fix, oxlint repairs what it can.
 */
import { globSync } from 'node:fs';
import { execa } from 'execa';
import { assertNoFolderCycles } from './verify/src/folder-cycles.ts';

/** @returns {Promise<string>} what it printed; rejects where it failed */
async function run(command, args) {
  const { all } = await execa(command, args, { preferLocal: true, env: { NX_DAEMON: 'false' }, all: true });
  return all;
}

async function checkBoundaries() {
  await run('nx', ['show', 'projects']);
  if ((await run('eslint', ['.', '--max-warnings', '0'])).includes('rule will be skipped'))
    throw new Error('The module boundaries were not checked: the project graph was not there.');
}

async function checkFolders() {
  assertNoFolderCycles(globSync(['libs/*/*', 'apps/*']));
}

const checks = [
  checkFolders(),
  run('oxlint', ['--deny-warnings', ...process.argv.slice(2)]),
  checkBoundaries(),
];
for (const outcome of await Promise.allSettled(checks)) {
  if (outcome.status === 'fulfilled') continue;
  // A command that failed says it by what it printed; its message would repeat that.
  const { shortMessage, message, all = '' } = outcome.reason;
  console.error(`${shortMessage ?? message}\n${all}`);
  process.exitCode = 1;
}
