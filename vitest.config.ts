import { defineConfig } from 'vitest/config';

/**
 * Workspace packages resolve to their TypeScript sources, so tests need no build of what they test. Not `module`: what that
 * leads to is for bundlers, and Node can't load the AWS SDK's.
 */
const conditions = ['@fourfold/source', 'node', 'import', 'default'];
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
      hookTimeout: 60_000,
    },
  };
}

/** A project whose tests use the servers that a run starts for itself. */
function serverProject(name: string, choice: ProjectChoice) {
  const { test, ...shared } = project(name, choice);
  const globalSetup = './tools/testing/src/global-setup.ts';
  return { ...shared, test: { ...test, globalSetup, testTimeout: 300_000, hookTimeout: 300_000 } };
}

const fullRun = process.env['FOURFOLD_TEST_FULL'] === '1';

/** They measure how long calls take, or have a load that does not wait: they run one at a time, and nothing beside. */
const outages = fullRun ? 'chaos/e2e/*-outage.e2e-spec.ts' : 'chaos/e2e/api-outage.e2e-spec.ts';

/**
 * For the full run: in `npm test` `api-outage` has the same shard killed under a real order-api, and `soak` has workers
 * killed among other faults. The alerts of `alerts-outage` are tested by promtool in `npm test`, on series that it is given.
 * The queries of the dashboards are checked without a Prometheus in `npm test`.
 */
const onlyInFullRun = [
  // 200,000 users: `add-shard.int-spec.ts` has 600 in `npm test`.
  'libs/platform/sharding/src/moving/whole-shard.int-spec.ts',
  // A package, npm's registry and a compiler: `api-guide.e2e-spec.ts` runs the same code in `npm test`.
  'tools/client/src/stranger.e2e-spec.ts',
  'chaos/e2e/shard-outage.e2e-spec.ts',
  'chaos/e2e/killed-worker.e2e-spec.ts',
  // Two servers, three starts each, for a script that changes seldom.
  'tools/k8s/src/start-mariadb.int-spec.ts',
  'chaos/e2e/alerts-outage.e2e-spec.ts',
  'tools/dashboards/src/dashboards-live.e2e-spec.ts',
  // A topology of its own, for what `switchover` has the libraries' connections do in `npm test`.
  'chaos/e2e/switchover-outage.e2e-spec.ts',
  // Ten servers: the failovers of the libraries, below, once more for the applications as processes.
  'chaos/e2e/redis-failover.e2e-spec.ts',
  // Clusters and failovers, each of seconds: `redis.source.int-spec.ts` has a slot move in `npm test`.
  'libs/platform/cache/src/failover.int-spec.ts',
  'libs/platform/queue/src/processing/failover.int-spec.ts',
  // Two applications and two workers for what `send-faults.int-spec.ts` has of each reply of a mail server in `npm test`.
  'apps/worker/e2e/mail-faults.e2e-spec.ts',
  // `settle-together.int-spec.ts` and `bench/src/settled` sell a product out in `npm test`.
  'apps/worker/e2e/flash-sale.e2e-spec.ts',
  // Limits and memory of the children of one queue: `children.int-spec.ts` has those of any queue in `npm test`.
  'apps/worker/e2e/report-child.int-spec.ts',
  // They need Debian's Chromium, and draw pages for half a minute.
  'apps/order-api/e2e/docs-page.e2e-spec.ts',
  'apps/worker/e2e/queue-board-page.e2e-spec.ts',
  // It builds images for minutes.
  'tools/images/src/images.e2e-spec.ts',
];

/**
 * With `FOURFOLD_ENGINE=mysql` (`npm run test:mysql`) the servers are MySQL's, and these files run on them: what knows an
 * engine, and every library that has SQL of its own.
 */
const mysqlRun = process.env['FOURFOLD_ENGINE'] === 'mysql';
const onMysql = [
  'libs/platform/{db-routing,outbox,sharding}/**/*.int-spec.ts',
  'libs/platform/queue/src/dead-letters/**/*.int-spec.ts',
  'libs/shop/**/*.int-spec.ts',
  'tools/{migrate,stack,testing,warehouse}/**/*.int-spec.ts',
  // The platform as processes: the way of an order, and reads from replicas after it.
  'apps/order-api/e2e/{place-order,read-your-writes,users}.e2e-spec.ts',
];

export default defineConfig({
  ...workspaceSources,
  test: {
    projects: mysqlRun
      ? [serverProject('mysql', { include: onMysql, groupOrder: 0, maxWorkers: 2 })]
      : [
          project('unit', { include: ['**/*.spec.ts'], groupOrder: 0, maxWorkers: 2 }),
          serverProject('servers', {
            include: ['**/*.int-spec.ts', '**/*.e2e-spec.ts'],
            exclude: fullRun ? [outages] : [outages, ...onlyInFullRun],
            groupOrder: 0,
            maxWorkers: 2,
          }),
          serverProject('outages', { include: [outages], groupOrder: 1, maxWorkers: 1 }),
        ],
  },
});
