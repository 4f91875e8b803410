import type { Redis } from 'ioredis';

/**
 * The cache as it is usually written first: get, load, set; delete on a write. The twin that shows what a race test is
 * about.
 */
export class NaiveCache {
  private readonly l1 = new Map<string, string>();

  constructor(private readonly redis: Redis) {}

  async getOrLoad(key: string, loader: () => Promise<string>): Promise<string> {
    const hit = this.l1.get(key) ?? (await this.redis.get(key));
    if (hit !== null) {
      this.l1.set(key, hit);
      return hit;
    }
    const value = await loader();
    await this.redis.set(key, value, 'PX', 60_000);
    this.l1.set(key, value);
    return value;
  }

  async set(key: string, value: string): Promise<void> {
    await this.redis.set(key, value, 'PX', 60_000);
    this.l1.set(key, value);
  }

  /** Like so many, takes an unreachable Redis for a deletion done. */
  async invalidate(key: string): Promise<void> {
    this.l1.delete(key);
    await this.redis.del(key).catch(() => 0);
  }
}
