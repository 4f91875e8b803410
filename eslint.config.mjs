import nx from '@nx/eslint-plugin';
import * as parser from '@typescript-eslint/parser';

/** What may import what: by kind (`type:`) and by part (`scope:`). docs/architecture.md has the reasons. */
const depConstraints = [
  {
    sourceTag: 'type:app',
    onlyDependOnLibsWithTags: ['type:platform', 'type:shop', 'type:composition', 'type:testing', 'type:tool'],
  },
  { sourceTag: 'type:client', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'type:composition', onlyDependOnLibsWithTags: ['type:platform', 'type:shop'] },
  { sourceTag: 'type:shop', onlyDependOnLibsWithTags: ['type:platform', 'scope:contracts', 'type:testing'] },
  { sourceTag: 'type:platform', onlyDependOnLibsWithTags: ['type:platform', 'type:testing'] },
  {
    sourceTag: 'type:tool',
    onlyDependOnLibsWithTags: [
      'type:client',
      'type:platform',
      'type:shop',
      'type:composition',
      'type:tool',
      'type:testing',
    ],
  },
  { sourceTag: 'type:testing', onlyDependOnLibsWithTags: ['type:tool'] },
  { sourceTag: 'scope:kernel', onlyDependOnLibsWithTags: ['scope:kernel'] },
  { sourceTag: 'scope:observability', onlyDependOnLibsWithTags: ['scope:kernel', 'scope:testing'] },
  { sourceTag: 'scope:auth', onlyDependOnLibsWithTags: ['scope:kernel'] },
  ...[
    ['db-routing', []],
    ['redis', []],
    ['cache', ['redis']],
    ['sharding', ['db-routing', 'redis']],
    ['outbox', ['db-routing']],
    ['queue', ['db-routing', 'outbox', 'redis']],
    ['object-storage', []],
  ].map(([scope, others]) => ({
    sourceTag: `scope:${scope}`,
    onlyDependOnLibsWithTags: ['kernel', 'observability', 'testing', ...others].map(
      (name) => `scope:${name}`,
    ),
  })),
];

/** The boundaries, and a rule that oxlint lacks; the rules of the language are in oxlint.config.ts. */
export default [
  { ignores: ['**/dist/**', '**/node_modules/**', '**/.stack*/**', '**/.nx/**'] },
  {
    files: ['**/*.ts', '**/*.mjs'],
    languageOptions: { parser },
    plugins: { '@nx': nx },
    linterOptions: { reportUnusedDisableDirectives: 'off' },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { depConstraints, enforceBuildableLibDependency: false, banTransitiveDependencies: false, allow: [] },
      ],
    },
  },
  {
    files: ['**/*.ts'],
    languageOptions: { parser },
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'PrivateIdentifier',
          message: 'Private members are `private`, not `#`: see CONTRIBUTING.md.',
        },
      ],
    },
  },
];
