import { Counter, Gauge, type Registry } from 'prom-client';
import type { L2Memory } from './l2-memory.js';
import type { RedisL2Store } from './redis-l2.store.js';

/**
 * What Redis says of itself when Prometheus scrapes: asked once for all gauges. All caches of a register share one
 * Redis.
 */
export class L2MemoryGauges {
  private asked: Promise<L2Memory | undefined> | undefined;

  constructor(
    registry: Registry,
    private readonly stores: () => readonly RedisL2Store[],
  ) {
    this.define(registry, 'cache_l2_memory_used_bytes', 'used_memory of the cache Redis', 'usedBytes');
    this.define(
      registry,
      'cache_l2_memory_max_bytes',
      'maxmemory of the cache Redis; 0: no limit',
      'maxBytes',
    );
    this.define(registry, 'cache_l2_keys', 'Keys in the cache Redis', 'keys');
    this.define(
      registry,
      'cache_l2_evicted_keys_total',
      'Keys the cache Redis pushed out since it started',
      'evictedKeys',
      Counter,
    );
  }

  private define(
    registry: Registry,
    name: string,
    help: string,
    field: keyof L2Memory,
    Kind: typeof Gauge | typeof Counter = Gauge,
  ): void {
    if (registry.getSingleMetric(name)) return;
    const read = async (): Promise<number | undefined> => (await this.ask())?.[field];
    new Kind({
      name,
      help,
      registers: [registry],
      async collect() {
        const value = await read();
        // No figure is better than an old one.
        this.remove();
        if (value !== undefined) this.inc(value);
      },
    });
  }

  /** The gauges of one scrape are read in one go and share the answer. */
  private ask(): Promise<L2Memory | undefined> {
    this.asked ??= this.askFirst().finally(() => (this.asked = undefined));
    return this.asked;
  }

  private async askFirst(): Promise<L2Memory | undefined> {
    for (const store of this.stores()) {
      const memory = await store.memory();
      if (memory) return memory;
    }
    return undefined;
  }
}
