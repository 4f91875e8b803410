import type { Clock } from '@fourfold/kernel';
import type { CacheKey } from '../cache-key.js';
import type { CachedValue } from '../serializing/serializer.js';
import type { Wanted } from './reading.js';
import { SingleFlight } from './single-flight.js';

/**
 * The loads of this process that are under way: with them no key is loaded twice at once here, in any state of the cache.
 *
 * A load is joined by callers that came before it began; a later caller waits for its end. One with a lease is also joined
 * by every caller that finds its lease in Redis: the lease would be gone if anything had been invalidated since.
 */
export class OwnLoads {
  /** By the lease's token. */
  private readonly leased: SingleFlight<CachedValue>;
  private readonly byKey: SingleFlight<CachedValue>;

  /** @param maxAgeMs a load that takes longer is joined and waited for by no further caller. */
  constructor(clock: Clock, maxAgeMs: number) {
    this.leased = new SingleFlight(clock, maxAgeMs);
    this.byKey = new SingleFlight(clock, maxAgeMs);
  }

  /** For `joinable`: to be taken when a caller comes. */
  get turn(): number {
    return this.byKey.turn;
  }

  /** @param holder token of the lease that Redis has shown just now. */
  joinable(key: CacheKey, holder: string | undefined, arrivedTurn: number): Promise<CachedValue> | undefined {
    const leased = holder === undefined ? undefined : this.leased.current(holder);
    return leased ?? this.byKey.current(key, arrivedTurn);
  }

  /** Whether to wait for a load of the key. */
  isUnderWay(key: CacheKey): boolean {
    return this.byKey.current(key) !== undefined;
  }

  begin({ key, token }: Pick<Wanted, 'key' | 'token'>, work: Promise<CachedValue>): void {
    void this.byKey.begin(key, work);
    if (token !== undefined) void this.leased.begin(token, work);
  }

  /** Of an invalidated key: no caller waits for what was read before. */
  forget(key: CacheKey): void {
    this.byKey.forget(key);
  }

  forgetAll(): void {
    this.byKey.forgetAll();
  }
}
