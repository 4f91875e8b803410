import type { assembleCache } from '@fourfold/cache';
import type { BenchOptions } from './bench-options.js';
import { openOurs } from './cache-contenders.js';
import { type Builds, buildTwice } from './hookless.build.js';
import { type Contender, latencyRatio, measure } from './measure.js';
import { inBatches, mustNotLoad, product, productIds } from './product.js';
import { timesRow } from './report.js';
import type { ApiServers } from './tracing-servers.js';

const IDS = productIds(1_000);
const LOOP = `data:text/javascript,${encodeURIComponent(
  `export async function readAll(cache, ids, load) {
    for (const id of ids) await cache.getOrLoad('product', id, () => load(id));
  }`,
)}`;

/** Reads of what is in this process already, with tracing off. @returns how many times the time of a build without hooks */
export async function measureL1Hit(servers: ApiServers, options: BenchOptions): Promise<number> {
  const builds = await buildTwice(servers.repoRoot, 'cache', 'libs/platform/cache/src/index.ts');
  const contenders = await Promise.all(
    (['hookless', 'asIs'] as const).map((build) => l1Contender(servers, builds, build)),
  );
  const results = await measure(
    contenders.map(({ contender }) => contender),
    { ...options, concurrency: 1 },
  );
  for (const { close } of contenders) close();
  options.report(`\nL1 hits over ${IDS.length} ids, tracing off, median of ${options.rounds} rounds`);
  for (const [name, rounds] of results) options.report(timesRow(name, rounds, 'ns'));
  return latencyRatio(results.get('as it is')!, results.get('without hooks')!);
}

/** A module for each build: in a loop that they share, the engine would optimise none of the calls. */
async function l1Contender({ redisUrl }: ApiServers, builds: Builds, build: keyof Builds) {
  const module = (await import(builds[build])) as { assembleCache: typeof assembleCache };
  const node = await openOurs(redisUrl, `tracing-${build}`, module.assembleCache);
  await inBatches(IDS, (id) => node.cache.getOrLoad('product', id, async () => product(id)));
  const { readAll } = (await import(`${LOOP}#${build}`)) as {
    readAll: (cache: typeof node.cache, ids: readonly string[], load: typeof mustNotLoad) => Promise<void>;
  };
  const contender: Contender = {
    name: build === 'asIs' ? 'as it is' : 'without hooks',
    batch: IDS.length,
    once: () => readAll(node.cache, IDS, mustNotLoad),
  };
  return { contender, close: () => node.close() };
}
