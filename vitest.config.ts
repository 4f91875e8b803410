import { defineConfig } from 'vitest/config';

/** Workspace packages resolve to their TypeScript sources, so tests need no build of what they test. */
const conditions = ['@fourfold/source', 'node', 'import', 'module', 'default'];
const workspaceSources = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node', 'import', 'default'] } },
};

interface ProjectChoice {
  include: string[];
  exclude?: string[];
  /** Projects of one group run beside each other; the groups run in turn. */
  groupOrder: number;
  maxWorkers: number;
}

/**
 * Files of a worker share their modules (`isolate: false`): importing Nest and TypeORM anew takes longer than most
 * files. What a file registers in prom-client's register is cleared before the next one.
 */
function project(name: string, { include, exclude = [], groupOrder, maxWorkers }: ProjectChoice) {
  return {
    ...workspaceSources,
    test: {
      name,
      include,
      exclude: ['**/node_modules/**', '**/dist/**', '**/.stack/**', ...exclude],
      isolate: false,
      setupFiles: './tools/testing/src/file-setup.ts',
      sequence: { groupOrder },
      maxWorkers,
      testTimeout: 60_000,
    },
  };
}

/** A project whose tests use the servers that a run starts for itself. */
function serverProject(name: string, choice: ProjectChoice, testTimeout: number) {
  const { test, ...shared } = project(name, choice);
  const globalSetup = './tools/testing/src/global-setup.ts';
  return { ...shared, test: { ...test, globalSetup, testTimeout, hookTimeout: 120_000 } };
}

/** What chaos/ measures counts in `npm run test:full` alone, where nothing runs beside it. */
const fullRun = process.env['FOURFOLD_TEST_FULL'] === '1';

export default defineConfig({
  ...workspaceSources,
  test: {
    projects: [
      project('unit', {
        include: ['{apps,bench,chaos,libs,tools}/**/*.spec.ts'],
        groupOrder: 0,
        maxWorkers: 2,
      }),
      // Three workers for two processors: most of these tests wait for servers and timers.
      serverProject(
        'int',
        { include: ['{apps,libs,tools}/**/*.int-spec.ts'], groupOrder: 1, maxWorkers: 3 },
        120_000,
      ),
      serverProject(
        'e2e',
        { include: ['{apps,tools}/**/*.e2e-spec.ts'], groupOrder: 1, maxWorkers: 3 },
        300_000,
      ),
      serverProject(
        'chaos',
        // Its load does not wait for answers: beside everything else it would only measure how long a queue gets.
        { include: ['chaos/**/*.e2e-spec.ts'], groupOrder: 2, maxWorkers: fullRun ? 1 : 2 },
        300_000,
      ),
    ],
  },
});
