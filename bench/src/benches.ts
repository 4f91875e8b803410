import { installMissing } from '@fourfold-tools/stack';
import type { BenchOptions } from './bench-options.js';
import { type OwnServers, startQueueServers, startRedis, startServers } from './bench-servers.js';
import { benchCacheOutage } from './cache-outage.bench.js';
import { benchCache } from './cache.bench.js';
import { benchFence, startShard } from './fence.bench.js';
import { benchFills } from './fills/fills.bench.js';
import { benchGrowth } from './growth/growth.bench.js';
import { GrowthServer } from './growth/growth.server.js';
import { type BenchResult, holds, machine, markdownOf, writeResult } from './http/bench.result.js';
import { Deployment } from './http/deployment.js';
import { benchHttp } from './http/http.bench.js';
import { benchMigration } from './migration/migration.bench.js';
import { startMoving } from './migration/moving.servers.js';
import { benchOpenLoop } from './open-loop/open-loop.bench.js';
import { benchOverload } from './overload/overload.bench.js';
import { benchQueue } from './queue.bench.js';
import { startCountsServer } from './recommendations/counts.server.js';
import { benchRecommendations } from './recommendations/recommendations.bench.js';
import { benchReports } from './reports/reports.bench.js';
import { benchRing } from './ring.bench.js';
import { benchRouting } from './routing.bench.js';
import { benchSettled } from './settled/settled.bench.js';
import { startApiServers } from './tracing-servers.js';
import { benchTracing } from './tracing.bench.js';

/** What a bench takes where the command line says nothing. */
export type Defaults = Pick<BenchOptions, 'rounds' | 'roundMs' | 'customers'> &
  Partial<Pick<BenchOptions, 'orders'>>;

export interface Bench {
  defaults: Defaults;
  /** Resolves with whether every bound holds. */
  run: (options: BenchOptions, repoRoot: string) => Promise<boolean>;
}

const inProcess: Defaults = { rounds: 25, roundMs: 500, customers: 0 };
/** A server's turn takes longer until it runs at its pace. */
const overHttp: Defaults = { rounds: 5, roundMs: 3_000, customers: 400 };

export const benches: Readonly<Record<string, Bench>> = {
  routing: bench(startServers, benchRouting),
  cache: bench(startRedis, benchCache),
  'cache-outage': bench(startServers, benchCacheOutage),
  queue: bench(startQueueServers, benchQueue),
  tracing: bench(startApiServers, benchTracing),
  ring: { defaults: inProcess, run: benchRing },
  fence: bench(startShard, benchFence),
  migration: bench(startMoving, benchMigration, { ...inProcess, rounds: 5, customers: 40_000 }),
  http: onDeployment(benchHttp, overHttp),
  settled: onDeployment(benchSettled, overHttp),
  'open-loop': onDeployment(benchOpenLoop, { ...overHttp, customers: 5_000 }),
  overload: onDeployment(benchOverload, overHttp),
  growth: bench((repoRoot) => GrowthServer.start(repoRoot), recorded(benchGrowth), {
    ...inProcess,
    rounds: 15,
  }),
  recommendations: bench(startCountsServer, recorded(benchRecommendations), {
    ...inProcess,
    rounds: 5,
    orders: 1_000_000,
  }),
  reports: onDeployment(benchReports, { ...overHttp, rounds: 3, customers: 50, orders: 333_334 }),
  fills: onDeployment(benchFills, { ...overHttp, customers: 1_000 }),
};

/** On the whole platform. */
function onDeployment(
  measure: (deployment: Deployment, options: BenchOptions) => Promise<BenchResult>,
  defaults: Defaults,
): Bench {
  return bench((repoRoot) => Deployment.start(repoRoot), recorded(measure), defaults);
}

/** Its result is printed, and written where that is asked for. */
function recorded<S>(
  measure: (servers: S, options: BenchOptions) => Promise<BenchResult>,
): (servers: S, options: BenchOptions) => Promise<boolean> {
  return async (servers, options) => {
    const result = await measure(servers, options);
    options.report(`\n${markdownOf(result)}`);
    if (options.out !== undefined) writeResult(options.out, result, machine());
    return result.bounds.every(holds);
  };
}

/** A bench with servers that are there while it runs, and gone after it however it ends. */
function bench<S extends OwnServers>(
  start: (repoRoot: string) => Promise<S>,
  onServers: (servers: S, options: BenchOptions) => Promise<boolean>,
  defaults = inProcess,
): Bench {
  const run = async (options: BenchOptions, repoRoot: string): Promise<boolean> => {
    installMissing({ report: options.report });
    const starting = start(repoRoot);
    let interrupted: Promise<void> | undefined;
    // Ctrl-C leaves no server behind, not even one that was about to start.
    const interrupt = () => {
      interrupted ??= starting.then((servers) => servers.stop()).finally(() => process.exit(130));
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
    const servers = await starting;
    try {
      return await onServers(servers, options);
    } catch (error) {
      // A bench that fails because its servers are being stopped is no news.
      await interrupted;
      throw error;
    } finally {
      await servers.stop();
    }
  };
  return { defaults, run };
}
