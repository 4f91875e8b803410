import { type Check, commandCheck, vitestCheck } from './check.js';

/** Everything that `npm test` proves. The checks of a stage run beside each other, the stages in turn. */
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
    commandCheck('packages', 'each library packs; publint and the types say nothing', 'node', [
      'tools/pack/dist/main.js',
      '--quick',
    ]),
    commandCheck('release', 'Nx can make versions and changelogs of what is planned', 'nx', [
      'release',
      '--dry-run',
      '--skip-publish',
    ]),
    commandCheck('lint', 'oxlint, and the module boundaries', 'node', ['tools/lint.mjs']),
  ],
  [vitestCheck('tests', 'pure tests, libraries against real servers, the platform as processes, and faults')],
];

/** What `npm run test:full` has beside, in its end. */
export const fullStages: readonly (readonly Check[])[] = [
  [
    vitestCheck('mysql', 'all that has SQL of its own, on MySQL (npm run test:mysql; test:full)', {
      FOURFOLD_ENGINE: 'mysql',
    }),
  ],
  [
    commandCheck('mutants', 'a test fails for each planted fault (test:full alone)', 'node', [
      'tools/verify/dist/mutants/main.js',
    ]),
  ],
  [
    commandCheck(
      'install',
      'the packed libraries run in an app outside the workspace (test:full alone)',
      'node',
      ['tools/pack/dist/main.js'],
    ),
  ],
];
