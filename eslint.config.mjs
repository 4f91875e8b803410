import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const noToolsInProduction = [
  {
    group: ['@fourfold-tools/*'],
    message: 'Only tests may use the tools: production code must run without them.',
  },
];

const noWayAroundTheShardKey = [
  {
    group: ['@fourfold/sharding/operating'],
    message: 'Only tools and tests may go around the sharding key: use ShardRouter.',
  },
];

const noWholeShards = [
  {
    group: ['@fourfold/sharding/upkeep'],
    message: 'Only sweeps (*.sweep.ts) may read whole shards: use ShardRouter.',
  },
];

/** By an index MariaDB leaves out rows: docs/libraries/db-routing.md says which. */
const noLike = [
  {
    name: 'typeorm',
    importNames: ['Like', 'ILike'],
    message: 'Text is found by its beginning with startsWith of @fourfold/db-routing.',
  },
];

/** What may import what: by kind (`type:`) and by part (`scope:`). docs/architecture.md has the reasons. */
const depConstraints = [
  {
    sourceTag: 'type:app',
    onlyDependOnLibsWithTags: ['type:platform', 'type:shop', 'type:testing', 'type:tool'],
  },
  { sourceTag: 'type:shop', onlyDependOnLibsWithTags: ['type:platform', 'scope:contracts', 'type:testing'] },
  { sourceTag: 'type:platform', onlyDependOnLibsWithTags: ['type:platform', 'type:testing'] },
  {
    sourceTag: 'type:tool',
    onlyDependOnLibsWithTags: ['type:platform', 'type:shop', 'type:tool', 'type:testing'],
  },
  { sourceTag: 'type:testing', onlyDependOnLibsWithTags: ['type:tool'] },
  { sourceTag: 'scope:kernel', onlyDependOnLibsWithTags: ['scope:kernel'] },
  { sourceTag: 'scope:observability', onlyDependOnLibsWithTags: ['scope:kernel'] },
  { sourceTag: 'scope:auth', onlyDependOnLibsWithTags: ['scope:kernel'] },
  ...[
    ['db-routing', []],
    ['cache', []],
    ['sharding', ['db-routing']],
    ['outbox', ['db-routing']],
    ['queue', ['db-routing', 'outbox']],
  ].map(([scope, others]) => ({
    sourceTag: `scope:${scope}`,
    onlyDependOnLibsWithTags: ['kernel', 'observability', 'testing', ...others].map(
      (name) => `scope:${name}`,
    ),
  })),
];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/.stack*/**', '**/.nx/**'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { depConstraints, enforceBuildableLibDependency: false, banTransitiveDependencies: false, allow: [] },
      ],
      'max-lines': ['error', { max: 400 }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Nest injects by the runtime value of a type: an import that is only used as one must stay.
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/only-throw-error': 'error',
      'no-console': 'off',
    },
  },
  {
    files: ['apps/*/src/**/*.ts', 'libs/**/src/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/*spec.ts', '**/testing/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: noLike, patterns: [...noToolsInProduction, ...noWayAroundTheShardKey, ...noWholeShards] },
      ],
    },
  },
  {
    files: ['libs/**/src/**/*.sweep.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: noLike, patterns: [...noToolsInProduction, ...noWayAroundTheShardKey] },
      ],
    },
  },
  {
    // One place reads the environment of each app, and the commands.
    files: ['apps/*/src/**/*.ts', 'libs/**/src/**/*.ts'],
    ignores: ['apps/*/src/**/*.config.ts', '**/*spec.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Configuration is read once, in the app’s *.config.ts.',
        },
      ],
    },
  },
  {
    files: ['**/*spec.ts', '**/testing/**', '**/*.fixture.ts', 'tools/{e2e,testing}/src/**/*.ts'],
    rules: {
      // Answers of a server under test are looked at with expect, not with types.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['**/*.mjs', '*.config.ts'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', setTimeout: 'readonly' } },
  },
  prettier,
);
