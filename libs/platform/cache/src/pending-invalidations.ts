import type { CacheKey } from './cache-key.js';

/** What has to reach Redis next: everything, some keys, or nothing. */
export interface PendingBatch {
  readonly everything: boolean;
  readonly keys: readonly CacheKey[];
}

/**
 * Invalidations that Redis has not confirmed. Bounded: past `maxKeys` the keys are let go and the whole cache is owed a
 * flush instead, which costs a cold cache but never a stale value.
 */
export class PendingInvalidations {
  private readonly keys = new Set<CacheKey>();
  private everything = false;

  constructor(private readonly maxKeys: number) {}

  get isEmpty(): boolean {
    return !this.everything && this.keys.size === 0;
  }

  get size(): number {
    return this.keys.size;
  }

  get overflowed(): boolean {
    return this.everything;
  }

  add(keys: readonly CacheKey[]): void {
    if (this.everything) return;
    for (const key of keys) this.keys.add(key);
    if (this.keys.size > this.maxKeys) this.addEverything();
  }

  addEverything(): void {
    this.everything = true;
    this.keys.clear();
  }

  /** Takes out up to `limit` keys, the oldest first, or the flush. */
  take(limit: number): PendingBatch {
    if (this.everything) {
      this.everything = false;
      return { everything: true, keys: [] };
    }
    const keys: CacheKey[] = [];
    for (const key of this.keys) {
      if (keys.length === limit) break;
      keys.push(key);
      this.keys.delete(key);
    }
    return { everything: false, keys };
  }

  /** Puts back what could not be applied. */
  restore(batch: PendingBatch): void {
    if (batch.everything) this.addEverything();
    else this.add(batch.keys);
  }
}
