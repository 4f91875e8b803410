import { type Clock, SharedBudget } from '@fourfold/kernel';
import { currentBudget } from '@fourfold/observability/request-context';
import { type CacheKey, namespaceOf } from '../cache-key.js';
import { type InvalidationTarget, isNamespace, namespaceOfTarget } from '../invalidation-target.js';
import type { CachedValue } from '../serializing/serializer.js';
import type { Wanted } from './reading.js';

/** The time of work that the running code begins and that others may come to wait for; undefined: it has no limit. */
export function budgetToShare(): SharedBudget | undefined {
  const own = currentBudget();
  return own && new SharedBudget(own);
}

interface Flight {
  readonly key: CacheKey;
  readonly work: Promise<CachedValue>;
  readonly budget: SharedBudget | undefined;
  readonly begunMs: number;
  readonly turn: number;
}

/**
 * What this process reads and loads at the moment, so that no key is loaded twice at once here, in any state of the cache.
 *
 * A read is joined by every caller that comes while it is under way. A load is joined by callers that came before it
 * began, and later ones wait for its end; one with a lease is also joined by every caller that finds its lease in Redis,
 * which would be gone if anything had been invalidated since.
 *
 * A flight whose callers have all given it up is joined by no other either: what it does is being stopped.
 *
 * A flight that was forgotten, or is older than `maxAgeMs`, still serves those who joined it, and is joined by no other.
 */
export class Flights {
  private readonly reads = new Map<CacheKey, Flight>();
  private readonly loads = new Map<CacheKey, Flight>();
  /** Loads by the token of their lease. */
  private readonly leased = new Map<string, Flight>();
  private turns = 0;

  constructor(
    private readonly clock: Clock,
    private readonly maxAgeMs: number,
  ) {}

  /** To be taken when a caller comes, for `joinable`. */
  get turn(): number {
    return this.turns;
  }

  /** The read of the key that is under way. */
  read(key: CacheKey): Promise<CachedValue> | undefined {
    return this.join(this.reads.get(key));
  }

  beginRead(key: CacheKey, work: Promise<CachedValue>, budget?: SharedBudget): Promise<CachedValue> {
    this.begin(this.reads, key, { key, work, budget });
    return work;
  }

  /** @param holder token of the lease that Redis has shown just now. */
  joinable(key: CacheKey, holder: string | undefined, arrivedTurn: number): Promise<CachedValue> | undefined {
    const leased = holder === undefined ? undefined : this.young(this.leased.get(holder));
    if (leased) return this.join(leased);
    const load = this.young(this.loads.get(key));
    return load && load.turn > arrivedTurn ? this.join(load) : undefined;
  }

  /** Whether to wait for a load of the key. */
  isLoading(key: CacheKey): boolean {
    return this.young(this.loads.get(key)) !== undefined;
  }

  /** @param loaded fills `values`; it is given back. */
  beginLoads(
    wanted: readonly Wanted[],
    values: ReadonlyMap<string, CachedValue>,
    loaded: Promise<void>,
    budget?: SharedBudget,
  ): Promise<void> {
    for (const want of wanted) {
      const work = loaded.then(() => values.get(want.id)!);
      const what = { key: want.key, work, budget };
      this.begin(this.loads, want.key, what);
      if (want.token !== undefined) this.begin(this.leased, want.token, what);
    }
    return loaded;
  }

  /** What it concerns is joined by no caller that comes from here on. */
  forget(target: InvalidationTarget): void {
    if (!isNamespace(target)) {
      this.reads.delete(target);
      this.loads.delete(target);
      return;
    }
    const namespace = namespaceOfTarget(target);
    for (const flights of [this.reads, this.loads, this.leased]) {
      for (const [name, { key }] of flights) if (namespaceOf(key) === namespace) flights.delete(name);
    }
  }

  /** Of reads: what they may be joined by depends on the state of the cache. */
  forgetReads(): void {
    this.reads.clear();
  }

  private join(flight: Flight | undefined): Promise<CachedValue> | undefined {
    const young = this.young(flight);
    young?.budget?.join(currentBudget());
    return young?.work;
  }

  private begin(
    flights: Map<string, Flight>,
    name: string,
    what: Pick<Flight, 'key' | 'work' | 'budget'>,
  ): void {
    this.turns += 1;
    const flight = { ...what, begunMs: this.clock.now(), turn: this.turns };
    flights.set(name, flight);
    const done = (): void => {
      if (flights.get(name) === flight) flights.delete(name);
    };
    what.work.then(done, done);
  }

  private young(flight: Flight | undefined): Flight | undefined {
    if (flight === undefined) return undefined;
    const ageMs = this.clock.now() - flight.begunMs;
    const isYoung = ageMs >= 0 && ageMs < this.maxAgeMs;
    return isYoung && flight.budget?.end() === undefined ? flight : undefined;
  }
}
