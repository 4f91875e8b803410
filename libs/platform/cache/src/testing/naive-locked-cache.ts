import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';

const POLL_MS = 10;

/**
 * The usual second version of a cache: one caller loads under a lock and the others wait. Its holder believes that it
 * still has it.
 */
export class NaiveLockedCache {
  /** @param lockMs after which the lock ends by itself; 0 for one that does not. */
  constructor(
    private readonly redis: Redis,
    private readonly lockMs: number,
  ) {}

  async getOrLoad(key: string, loader: () => Promise<string>): Promise<string> {
    for (;;) {
      const hit = await this.redis.get(key);
      if (hit !== null) return hit;
      if (await this.lock(key)) break;
      await pause(POLL_MS);
    }
    const value = await loader();
    await this.redis.set(key, value, 'PX', 60_000);
    await this.redis.del(lockKey(key));
    return value;
  }

  private async lock(key: string): Promise<boolean> {
    const end = this.lockMs > 0 ? ['PX', this.lockMs] : [];
    return (await this.redis.call('SET', lockKey(key), 'locked', 'NX', ...end)) === 'OK';
  }
}

export function lockKey(key: string): string {
  return `${key}:lock`;
}
