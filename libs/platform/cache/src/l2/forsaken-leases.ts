import type { CacheKey } from '../cache-key.js';

/** More than commands can be under way at once; what is dropped runs out by itself. */
const MOST_KEPT = 10_000;

/**
 * Leases that Redis may have given without the caller's hearing of it: the answer was late, or its connection broke.
 * They are given back as soon as Redis answers again; until then they keep every process from loading their keys.
 */
export class ForsakenLeases {
  /** By token, oldest first. */
  private readonly kept = new Map<string, CacheKey>();
  private isReturning = false;

  /** @param release has an effect only where the lease is still the token's */
  constructor(private readonly release: (key: CacheKey, token: string) => Promise<void>) {}

  add(key: CacheKey, token: string): void {
    this.kept.set(token, key);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MOST_KEPT) break;
      this.kept.delete(oldest);
    }
  }

  /** Gives back what there is, unless that is under way. Never rejects: what Redis does not confirm is kept. */
  async giveBack(): Promise<void> {
    if (this.isReturning || this.kept.size === 0) return;
    this.isReturning = true;
    const returned = [...this.kept].map(([token, key]) =>
      this.release(key, token).then(
        () => this.kept.delete(token),
        () => false,
      ),
    );
    await Promise.all(returned);
    this.isReturning = false;
  }
}
