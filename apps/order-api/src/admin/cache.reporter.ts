import { Injectable } from '@nestjs/common';
import {
  CacheWarmer,
  type CacheStats,
  type L2Memory,
  MultiLevelCache,
  RedisL2Store,
  type WarmupRun,
} from '@fourfold/cache';

export interface CacheReport extends Omit<CacheStats, 'l2'> {
  /** `memory` is what the Redis server reports, for all of its keys; null while it does not answer. */
  l2: CacheStats['l2'] & { memory: L2Memory | null };
  warmUp: { running: boolean; last: WarmupRun | null };
}

/** What this process knows of the cache; another one has an L1 and counts of its own. */
@Injectable()
export class CacheReporter {
  constructor(
    private readonly cache: MultiLevelCache,
    private readonly l2: RedisL2Store,
    private readonly warmer: CacheWarmer,
  ) {}

  async report(): Promise<CacheReport> {
    const memory = (await this.l2.memory()) ?? null;
    const { l2, ...stats } = this.cache.stats();
    const { isRunning: running, last = null } = this.warmer;
    return { ...stats, l2: { ...l2, memory }, warmUp: { running, last } };
  }
}
