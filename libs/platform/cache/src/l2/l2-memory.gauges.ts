import { Counter, Gauge, type Registry } from 'prom-client';
import type { RedisL2Store } from './redis-l2.store.js';
import type { L2Memory } from './server-info.js';

const FIGURES: [name: string, help: string, field: keyof L2Memory, kind: typeof Gauge | typeof Counter][] = [
  ['cache_l2_memory_used_bytes', 'used_memory of the cache Redis', 'usedBytes', Gauge],
  ['cache_l2_memory_max_bytes', 'maxmemory of the cache Redis; 0: no limit', 'maxBytes', Gauge],
  ['cache_l2_keys', 'Keys in the cache Redis', 'keys', Gauge],
  ['cache_l2_evicted_keys_total', 'Keys the cache Redis pushed out since it started', 'evictedKeys', Counter],
];

/**
 * What Redis says of itself when Prometheus scrapes: asked once for all gauges. All caches of a register share one
 * Redis.
 */
export function defineL2Memory(registry: Registry, stores: () => readonly RedisL2Store[]): void {
  let asked: Promise<L2Memory | undefined> | undefined;
  const ask = async (): Promise<L2Memory | undefined> => {
    for (const store of stores()) {
      const memory = await store.memory();
      if (memory) return memory;
    }
    return undefined;
  };
  for (const [name, help, field, Kind] of FIGURES) {
    if (registry.getSingleMetric(name)) continue;
    new Kind({
      name,
      help,
      registers: [registry],
      async collect() {
        // The gauges of one scrape are read in one go and share the answer.
        asked ??= ask().finally(() => (asked = undefined));
        const value = (await asked)?.[field];
        // No figure is better than an old one.
        this.remove();
        if (value !== undefined) this.inc(value);
      },
    });
  }
}
