import type { Clock } from '@fourfold/kernel';
import type { CacheKey } from '../cache-key.js';
import type { CachedValue } from '../serializing/serializer.js';
import type { Wanted } from './reading.js';
import { SingleFlight } from './single-flight.js';

/**
 * The loads of this process that are under way: with them no key is loaded twice at once here, in any state of the cache.
 *
 * A load with a lease is joined by every caller that finds its lease in Redis: the lease would be gone if anything had been
 * invalidated since. A load without one is joined by callers that came before it began; a later caller waits for its end.
 */
export class OwnLoads {
  /** By the lease's token. */
  private readonly leased: SingleFlight<CachedValue>;
  /** By key. */
  private readonly unleased: SingleFlight<CachedValue>;

  /** @param maxAgeMs a load that takes longer is joined and waited for by no further caller. */
  constructor(clock: Clock, maxAgeMs: number) {
    this.leased = new SingleFlight(clock, maxAgeMs);
    this.unleased = new SingleFlight(clock, maxAgeMs);
  }

  /** For `joinable`: to be taken when a caller comes. */
  get turn(): number {
    return this.unleased.turn;
  }

  /** @param holder token of the lease that Redis has shown just now. */
  joinable(key: CacheKey, holder: string | undefined, arrivedTurn: number): Promise<CachedValue> | undefined {
    const leased = holder === undefined ? undefined : this.leased.current(holder);
    return leased ?? this.unleased.current(key, arrivedTurn);
  }

  /** Whether to wait for a load of the key that has no lease. */
  isUnderWay(key: CacheKey): boolean {
    return this.unleased.current(key) !== undefined;
  }

  begin({ key, token }: Pick<Wanted, 'key' | 'token'>, work: Promise<CachedValue>): void {
    if (token === undefined) void this.unleased.begin(key, work);
    else void this.leased.begin(token, work);
  }

  /** Of an invalidated key: nobody waits for what was read before. */
  forget(key: CacheKey): void {
    this.unleased.forget(key);
  }

  forgetAll(): void {
    this.unleased.forgetAll();
  }
}
