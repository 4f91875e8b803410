import { type Check, commandCheck, vitestCheck } from './check.js';

/** Everything that proves the project. The checks of a stage run beside each other, the stages in turn. */
export const stages: readonly (readonly Check[])[] = [
  [
    commandCheck('types', 'everything compiles', 'tsc', ['-b']),
    commandCheck('format', 'Prettier has nothing to change', 'prettier', [
      '--check',
      '.',
      '--log-level',
      'warn',
    ]),
    commandCheck('alerts', 'alert rules, their cases and runbooks', 'node', ['tools/alerts/dist/main.js']),
    commandCheck('lint', 'oxlint, and the module boundaries', 'node', ['tools/lint.mjs']),
  ],
  [vitestCheck('tests', 'pure tests, libraries against real servers, the platform as processes, and faults')],
];
