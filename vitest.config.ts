import { defineConfig } from 'vitest/config';

/** Workspace packages resolve to their TypeScript sources, so tests need no build of what they test. */
const conditions = ['@fourfold/source', 'node', 'import', 'module', 'default'];
const workspaceSources = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node', 'import', 'default'] } },
};
const exclude = ['**/node_modules/**', '**/dist/**', '**/.stack/**'];
const realServers = './tools/testing/src/global-setup.ts';

export default defineConfig({
  ...workspaceSources,
  test: {
    projects: [
      {
        ...workspaceSources,
        test: { name: 'unit', include: ['{apps,bench,chaos,libs,tools}/**/*.spec.ts'], exclude },
      },
      {
        ...workspaceSources,
        test: {
          name: 'int',
          include: ['{apps,libs,tools}/**/*.int-spec.ts'],
          exclude,
          globalSetup: realServers,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...workspaceSources,
        test: {
          name: 'e2e',
          include: ['{apps,chaos,tools}/**/*.e2e-spec.ts'],
          exclude,
          globalSetup: realServers,
          // Each file drives whole processes: one file at a time keeps two cores honest.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
