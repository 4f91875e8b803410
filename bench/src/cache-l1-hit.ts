import { createCache } from 'cache-manager';
import { LRUCache } from 'lru-cache';
import type { BenchOptions } from './bench-options.js';
import { openBento, openOurs, TTL_MS } from './cache-contenders.js';
import { type Contender, latency, latencyRatio, measure, ratio } from './measure.js';
import { inBatches, mustNotLoad, type Product, product, productIds } from './product.js';
import { timesRow, verdict } from './report.js';

const IDS = productIds(1_000);
const MOST_NS = 300;
const LEAST_TIMES_BENTO = 4;

/** Reads of what is in this process already. Resolves with whether both bounds hold. */
export async function benchL1Hit(redisUrl: string, options: BenchOptions): Promise<boolean> {
  const ours = await openOurs(redisUrl, 'l1-ours');
  const bento = await openBento(redisUrl, 'l1-bento');
  const bentoObjects = await openBento(redisUrl, 'l1-bento-objects', { serialize: false });
  const manager = createCache({ ttl: TTL_MS });
  const lru = new LRUCache<string, Product>({ max: 2 * IDS.length });
  await inBatches(IDS, (id) => ours.cache.getOrLoad('product', id, async () => product(id)));
  await inBatches(IDS, (id) => bento.set({ key: id, value: product(id) }));
  await inBatches(IDS, (id) => bentoObjects.set({ key: id, value: product(id) }));
  await inBatches(IDS, (id) => manager.set(id, product(id)));
  for (const id of IDS) lru.set(id, product(id));

  // A loop for each: in a shared one, the engine would optimise none of the calls.
  const contenders: Contender[] = [
    {
      name: 'lru-cache, awaited',
      batch: IDS.length,
      once: async () => {
        // The floor: what the await alone costs, which no cache that may go to Redis can do without.
        // oxlint-disable-next-line typescript/await-thenable
        for (const id of IDS) await lru.get(id);
      },
    },
    {
      name: 'ours',
      batch: IDS.length,
      once: async () => {
        for (const id of IDS) await ours.cache.getOrLoad('product', id, () => mustNotLoad(id));
      },
    },
    {
      name: 'bentocache',
      batch: IDS.length,
      once: async () => {
        for (const id of IDS) await bento.getOrSet({ key: id, factory: () => mustNotLoad(id) });
      },
    },
    {
      name: 'bentocache, serialize: false',
      batch: IDS.length,
      once: async () => {
        for (const id of IDS) await bentoObjects.getOrSet({ key: id, factory: () => mustNotLoad(id) });
      },
    },
    {
      name: 'cache-manager wrap',
      batch: IDS.length,
      once: async () => {
        for (const id of IDS) await manager.wrap(id, () => mustNotLoad(id));
      },
    },
  ];
  const missesBefore = ours.cache.stats().namespaces['product']?.l1Misses;
  const results = await measure(contenders, { ...options, concurrency: 1 });
  const missesAfter = ours.cache.stats().namespaces['product']?.l1Misses;
  ours.close();
  await Promise.all([bento.disconnect(), bentoObjects.disconnect(), manager.disconnect()]);
  if (missesAfter !== missesBefore)
    throw new Error('Ours did not answer every read from L1: measured in vain');

  const of = (name: string) => results.get(name) ?? [];
  options.report(`\nL1 hits over ${IDS.length} ids, one at a time, median of ${options.rounds} rounds`);
  for (const [name, rounds] of results) options.report(timesRow(name, rounds, 'ns'));
  const ns = latency(of('ours'), 0.5) * 1_000_000;
  const [bentoRounds, objectRounds] = [of('bentocache'), of('bentocache, serialize: false')];
  const timesBento = latencyRatio(bentoRounds, of('ours'));
  const fast = ns <= MOST_NS;
  const faster = timesBento >= LEAST_TIMES_BENTO;
  options.report(`one hit of ours: ${ns.toFixed(0)} ns (bound: at most ${MOST_NS} ns) ${verdict(fast)}`);
  options.report(
    `faster than bentocache: ${timesBento.toFixed(2)} times (bound: at least ${LEAST_TIMES_BENTO}) ${verdict(faster)}`,
  );
  options.report(
    `the same by the means: ${ratio(of('ours'), bentoRounds).toFixed(2)} times (for information)`,
  );
  options.report(
    `faster than bentocache with serialize: false: ${latencyRatio(objectRounds, of('ours')).toFixed(2)} times (for information)`,
  );
  return fast && faster;
}
