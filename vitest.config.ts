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

/** What measures, kills what everything else needs, or chooses ports minutes before it uses them (`npm start`). */
const alone = ['chaos/**/*.e2e-spec.ts', 'tools/start/**/*.e2e-spec.ts'];

export default defineConfig({
  ...workspaceSources,
  test: {
    projects: [
      project('unit', {
        include: ['{apps,bench,chaos,libs,tools}/**/*.spec.ts'],
        groupOrder: 0,
        maxWorkers: 2,
      }),
      // They start processes of their own: more at once than processors only makes each slower.
      serverProject(
        'int',
        { include: ['{apps,libs,tools}/**/*.int-spec.ts'], groupOrder: 2, maxWorkers: 2 },
        120_000,
      ),
      serverProject(
        'e2e',
        { include: ['{apps,tools}/**/*.e2e-spec.ts'], exclude: alone, groupOrder: 1, maxWorkers: 2 },
        300_000,
      ),
      // One file at a time, and nothing beside it.
      serverProject('chaos', { include: alone, groupOrder: 3, maxWorkers: 1 }, 300_000),
    ],
  },
});
