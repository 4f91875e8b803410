import { type Check, commandCheck, vitestCheck } from './check.js';

/** Everything that proves the project, quick ones first. */
export const checks: readonly Check[] = [
  commandCheck('types', 'everything compiles', 'tsc', ['-b']),
  commandCheck('format', 'Prettier has nothing to change', 'prettier', [
    '--check',
    '.',
    '--log-level',
    'warn',
  ]),
  commandCheck('lint', 'ESLint, module boundaries included', 'node', ['tools/lint.mjs']),
  vitestCheck('unit', 'pure tests'),
  vitestCheck('int', 'libraries and tools against real servers'),
  vitestCheck('e2e', 'the platform as processes, through HTTP and commands'),
];
