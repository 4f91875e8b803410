import { defineConfig } from 'oxlint';

const noToolsInProduction = {
  group: ['@fourfold-tools/*'],
  message: 'Only tests may use the tools: production code must run without them.',
};

const noWayAroundTheShardKey = {
  group: ['@fourfold/sharding/operating'],
  message: 'Only tools and tests may go around the sharding key: use ShardRouter.',
};

const noWholeShards = {
  group: ['@fourfold/sharding/upkeep'],
  message: 'Only sweeps (*.sweep.ts) may read whole shards: use ShardRouter.',
};

/** By an index MariaDB leaves out rows: docs/libraries/db-routing.md says which. */
const noLike = {
  name: 'typeorm',
  importNames: ['Like', 'ILike'],
  message: 'Text is found by its beginning with startsWith of @fourfold/db-routing.',
};

const production = ['apps/*/src/**/*.ts', 'libs/**/src/**/*.ts'];
const tests = ['**/*spec.ts', '**/testing/**'];

const anyIsAllowed = {
  'typescript/no-unsafe-argument': 'off',
  'typescript/no-unsafe-assignment': 'off',
  'typescript/no-unsafe-call': 'off',
  'typescript/no-unsafe-member-access': 'off',
  'typescript/no-unsafe-return': 'off',
} as const;

/** The rules of the language. What may import what is in eslint.config.mjs. */
export default defineConfig({
  plugins: ['typescript'],
  categories: { correctness: 'error' },
  options: { typeAware: true },
  ignorePatterns: ['**/dist/**', '**/generated/**', '**/.stack*/**', '**/.nx/**'],
  rules: {
    'max-lines': ['error', { max: 400 }],
    'no-array-constructor': 'error',
    'no-unused-expressions': 'error',
    // A gauge that is held by nothing else is still registered.
    'no-unused-private-class-members': 'off',
    'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    'no-var': 'error',
    'prefer-const': 'error',
    'prefer-rest-params': 'error',
    'prefer-spread': 'error',
    'typescript/ban-ts-comment': 'error',
    'typescript/no-empty-object-type': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-misused-spread': 'off',
    'typescript/no-namespace': 'error',
    'typescript/no-require-imports': 'error',
    'typescript/no-unnecessary-type-assertion': 'error',
    'typescript/no-unnecessary-type-constraint': 'error',
    'typescript/no-unsafe-argument': 'error',
    'typescript/no-unsafe-assignment': 'error',
    'typescript/no-unsafe-call': 'error',
    'typescript/no-unsafe-enum-comparison': 'error',
    'typescript/no-unsafe-function-type': 'error',
    'typescript/no-unsafe-member-access': 'error',
    'typescript/no-unsafe-return': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/prefer-promise-reject-errors': 'error',
    'typescript/require-array-sort-compare': 'off',
    'typescript/restrict-plus-operands': 'error',
  },
  overrides: [
    {
      files: production,
      excludeFiles: tests,
      rules: {
        'no-restricted-imports': [
          'error',
          { paths: [noLike], patterns: [noToolsInProduction, noWayAroundTheShardKey, noWholeShards] },
        ],
      },
    },
    {
      files: ['libs/**/src/**/*.sweep.ts'],
      rules: {
        'no-restricted-imports': [
          'error',
          { paths: [noLike], patterns: [noToolsInProduction, noWayAroundTheShardKey] },
        ],
      },
    },
    {
      // One place reads the environment of each app, and the commands.
      files: production,
      excludeFiles: ['apps/*/src/**/*.config.ts', '**/*spec.ts'],
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
      files: [...tests, '**/*.fixture.ts', 'tools/{e2e,testing}/src/**/*.ts'],
      rules: {
        // Answers of a server under test are looked at with expect, not with types.
        ...anyIsAllowed,
        'typescript/unbound-method': 'off',
      },
    },
    { files: ['**/*.mjs'], rules: { ...anyIsAllowed, 'typescript/restrict-template-expressions': 'off' } },
  ],
});
