import type { Clock } from '@fourfold/kernel';
import { tracingOn } from '@fourfold/observability/tracing';
import { cacheKey, type CacheKey, isId } from './cache-key.js';
import { type CachePolicy, type CallOptions, policyOfCall } from './cache-policy.js';
import { type CacheStats, statsOf } from './cache.stats.js';
import { CacheCallError } from './cache.errors.js';
import { noteL1 } from './cache.spans.js';
import type { CacheWriter, WriteOutcome } from './cache.writer.js';
import { carriesTags, type L1Store } from './l1/l1.store.js';
import type { RedisL2Store } from './l2/redis-l2.store.js';
import type { AheadRefresher } from './loading/ahead.refresher.js';
import type { LeasedLoader } from './loading/leased-loader.js';
import type { LoadMany } from './loading/load.runner.js';
import type { OldValueListener, OldValues } from './loading/old-values.js';
import type { Reading } from './loading/reading.js';
import type { SingleFlight } from './loading/single-flight.js';
import { type Namespace, type Namespaces, unasked } from './namespace.js';
import type { CachedValue } from './serializing/serializer.js';
import { warmUp, type WarmupEntry, type WarmupOptions, type WarmupReport } from './warming/warm-up.js';

export interface ReadOptions extends CallOptions {
  /**
   * Take nothing from this process, no load under way either: the answer reflects every confirmed invalidate of any
   * process.
   */
  skipL1?: boolean;
}

/**
 * L1 in this process, L2 in Redis, then the loader. A value read before an invalidate is never stored after it, in no
 * process. Values handed out are plain data, deep-frozen, and shared between callers; what can't be frozen (with
 * msgpack: a Map, a Date, bytes) each caller gets for itself.
 */
export class MultiLevelCache {
  constructor(
    private readonly namespaces: Namespaces,
    private readonly l1: L1Store,
    private readonly l2: RedisL2Store,
    private readonly loader: LeasedLoader,
    private readonly flights: SingleFlight<CachedValue>,
    private readonly refresher: AheadRefresher,
    private readonly writer: CacheWriter,
    private readonly oldValues: OldValues,
    private readonly clock: Clock,
  ) {}

  /** Has `listener` hear of each value that may be old (see `valueMayBeOld`). */
  reportOldValues(listener: OldValueListener): void {
    this.oldValues.listener = listener;
  }

  /**
   * The value, or `null` when there is none. `loader` runs once for any number of concurrent callers, in all processes;
   * its `null` or `undefined` is remembered for the namespace's `nilTtlMs`. Works without Redis.
   * @throws UnknownNamespaceError, CacheCallError, UncacheableValueError, LoadTimeoutError, LoadLimitError, or what
   *   `loader` throws (nothing is cached then).
   */
  async getOrLoad<T>(
    namespace: string,
    id: string,
    loader: () => Promise<T | null | undefined>,
    options?: ReadOptions,
  ): Promise<T | null> {
    const found = this.namespaces.get(namespace);
    const policy = options === undefined ? found.policy : policyOfCall(namespace, found.policy, options);
    if (options?.skipL1 !== true) {
      // The hot path: no key, no closure, no array.
      const nowMs = this.clock.now();
      const entry = this.l1.get(found.shelf, id, nowMs);
      if (entry !== undefined && carriesTags(entry, policy.tags)) {
        found.counts.l1Hits += 1;
        if (tracingOn) noteL1(namespace, 1, 1);
        if (nowMs >= entry.refreshAtMs)
          this.refresher.trigger(this.reading(found, policy, one(id, loader)), id);
        return entry.cached.value as T | null;
      }
    }
    const reading = this.reading(found, policy, one(id, loader));
    const cached = await this.findOne(reading, id, options?.skipL1 === true);
    this.oldValues.given(cached);
    return cached.value as T | null;
  }

  /**
   * Like `getOrLoad` for several ids: one round trip to Redis and one call of `loadMany` with the ids that are missing.
   * Ids that another caller is loading are waited for and not asked for again. The answer has every id, in the order
   * given; `null` stands for absent.
   * @throws as `getOrLoad`.
   */
  async getMany<T>(
    namespace: string,
    ids: readonly string[],
    loadMany: LoadMany<T>,
    options: ReadOptions = {},
  ): Promise<Map<string, T | null>> {
    const found = this.namespaces.get(namespace);
    const reading = this.reading(found, policyOfCall(namespace, found.policy, options), loadMany);
    const distinct = [...new Set(ids)];
    const cached = await this.find(reading, distinct, options.skipL1 === true);
    for (const value of cached) this.oldValues.given(value);
    return new Map(distinct.map((id, i) => [id, cached[i]!.value as T | null]));
  }

  /**
   * What the cache holds, without loading: `null` in `value` says that there is known to be nothing.
   * @returns undefined when it holds nothing.
   * @throws UnknownNamespaceError
   */
  async peek<T>(namespace: string, id: string): Promise<{ value: T | null } | undefined> {
    const found = this.namespaces.get(namespace);
    const entry = this.l1.get(found.shelf, id, this.clock.now());
    const cached = entry?.cached ?? (await this.loader.peek(found, id));
    return cached && { value: cached.value as T | null };
  }

  /**
   * To be called after the write has been committed. When it resolves, no reader of this process gets the old value;
   * others' L1 follows within the delay of a message. A fill that began before is refused everywhere.
   * @throws UnknownNamespaceError
   */
  async invalidate(namespace: string, ...ids: string[]): Promise<WriteOutcome> {
    const found = this.namespaces.get(namespace);
    return this.writer.invalidate(ids.map((id) => this.keyOf(found.name, id)));
  }

  /** The same for everything with one of the tags, in all namespaces. */
  async invalidateTags(...tags: string[]): Promise<WriteOutcome> {
    return this.writer.invalidateTags(tags);
  }

  /**
   * The same for everything in the namespace.
   * @throws UnknownNamespaceError
   */
  async invalidateNamespace(namespace: string): Promise<WriteOutcome> {
    return this.writer.invalidateNamespace(this.namespaces.get(namespace).name);
  }

  /**
   * Writes through: no load that began before can overwrite it. Two writers of one key are stored in the order in which
   * they call, which need not be the order of their commits: where that can happen, `invalidate` instead.
   * When deferred the value is not stored; the key is invalidated once Redis is back.
   * @throws UnknownNamespaceError, CacheCallError, UncacheableValueError
   */
  async set(namespace: string, id: string, value: unknown, options: CallOptions = {}): Promise<WriteOutcome> {
    const found = this.namespaces.get(namespace);
    this.keyOf(namespace, id);
    return this.writer.set(found, policyOfCall(namespace, found.policy, options), id, value);
  }

  /**
   * Runs a write, a transaction say, and holds back what it invalidates (or sets, which then only invalidates) until it
   * has ended, well or badly. Inside, such a call answers `deferred`.
   * @throws what `work` throws.
   */
  async invalidateAfter<T>(work: () => Promise<T>): Promise<WriteOutcome & { result: T }> {
    return this.writer.after(work);
  }

  /**
   * Fills both levels with what is not there yet; a failing loader costs only its own batch. Its looks are neither hits
   * nor misses: no caller asked.
   * @throws what iterating over `entries` throws.
   */
  async warm(
    entries: Iterable<WarmupEntry> | AsyncIterable<WarmupEntry>,
    options?: WarmupOptions,
  ): Promise<WarmupReport> {
    return warmUp(entries, (batch) => this.fill(batch), options);
  }

  stats(): CacheStats {
    return statsOf(this.namespaces, this.l1, this.l2);
  }

  private async fill({ namespace, ids, loadMany, options = {} }: WarmupEntry): Promise<void> {
    const found = unasked(this.namespaces.get(namespace));
    const policy = policyOfCall(namespace, found.policy, { ...options, neverExpire: false });
    const reading = this.reading(found, policy, loadMany);
    // A value near its end is left to its next reader: a batch of them would be as many loads at once.
    await this.find({ ...reading, onNearEnd: () => {} }, [...new Set(ids)], false);
  }

  /** What is not in L1. */
  private findOne(reading: Reading, id: string, skipL1: boolean): Promise<CachedValue> {
    const { counts, name } = reading.namespace;
    if (!skipL1) {
      counts.l1Misses += 1;
      if (tracingOn) noteL1(name, 1, 0);
    }
    const key = this.keyOf(name, id);
    const flight = this.mayJoin(skipL1) ? this.flights.current(key) : undefined;
    if (flight === undefined) {
      const heedsMessages = !skipL1 && this.l1.state === 'serving';
      return this.flights.begin(key, this.loader.resolveOne(reading, id, key, heedsMessages));
    }
    counts.joins += 1;
    return this.joined(reading, id, flight);
  }

  private async joined(reading: Reading, id: string, flight: Promise<CachedValue>): Promise<CachedValue> {
    const cached = await flight;
    return this.oldValues.mayShare(cached) ? cached : this.loader.loadAlone(reading, id);
  }

  private async find(reading: Reading, ids: readonly string[], skipL1: boolean): Promise<CachedValue[]> {
    const { counts, name, shelf } = reading.namespace;
    const mayJoin = this.mayJoin(skipL1);
    const nowMs = this.clock.now();
    const found: (CachedValue | Promise<CachedValue>)[] = [];
    const missing: { id: string; key: CacheKey; slot: number }[] = [];
    let hits = 0;
    for (const [slot, id] of ids.entries()) {
      const entry = skipL1 ? undefined : this.l1.get(shelf, id, nowMs);
      if (entry !== undefined && carriesTags(entry, reading.policy.tags)) {
        counts.l1Hits += 1;
        hits += 1;
        if (nowMs >= entry.refreshAtMs) reading.onNearEnd(id);
        found[slot] = entry.cached;
        continue;
      }
      if (!skipL1) counts.l1Misses += 1;
      const key = this.keyOf(name, id);
      const flight = mayJoin ? this.flights.current(key) : undefined;
      if (flight === undefined) missing.push({ id, key, slot });
      else {
        counts.joins += 1;
        found[slot] = this.joined(reading, id, flight);
      }
    }
    if (tracingOn && !skipL1) noteL1(name, ids.length, hits);
    if (missing.length > 0) {
      const missingIds = missing.map(({ id }) => id);
      const batch = this.loader.resolve(reading, missingIds);
      for (const { id, key, slot } of missing) {
        found[slot] = this.flights.begin(
          key,
          batch.then((values) => values.get(id)!),
        );
      }
    }
    return Promise.all(found.map((value) => Promise.resolve(value)));
  }

  /** @throws CacheCallError for what is no id. */
  private keyOf(namespace: string, id: string): CacheKey {
    if (isId(id)) return cacheKey(namespace, id);
    throw new CacheCallError(namespace, [`id must be a well-formed text, not ${JSON.stringify(id)}`]);
  }

  private reading(namespace: Namespace, policy: CachePolicy, loadMany: LoadMany): Reading {
    const reading: Reading = {
      namespace,
      policy,
      loadMany,
      onNearEnd: (id) => this.refresher.trigger(reading, id),
    };
    return reading;
  }

  /**
   * A flight may be joined only while every invalidate that would forbid it is heard. Where it is not, leases still keep
   * loads apart. Without Redis there is nothing else to keep the database from a stampede: then a caller may get what
   * was loaded a moment before it came, unless it asked for better.
   */
  private mayJoin(skipL1: boolean): boolean {
    return !skipL1 && (this.l1.state === 'serving' || !this.l2.trusted);
  }
}

function one<T>(id: string, loader: () => Promise<T | null | undefined>): LoadMany {
  return async (ids) => new Map(ids.length > 0 ? [[id, await loader()]] : []);
}
