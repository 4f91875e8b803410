import type { Clock } from '@fourfold/kernel';
import { cacheKey, type CacheKey } from './cache-key.js';
import { jitteredTtlMs } from './jittered-ttl.js';
import type { L1Store } from './l1.store.js';
import type { LeasedLoader, LoadMany } from './leased-loader.js';
import type { NamespaceCounts, Namespaces } from './namespace.js';
import type { L2State, RedisL2Store } from './redis-l2.store.js';
import type { CachedValue, JsonSerializer } from './serializer.js';
import type { SingleFlight } from './single-flight.js';

export interface ReadOptions {
  /** Take nothing from this process, no load under way either: the answer reflects every confirmed invalidate of anybody. */
  skipL1?: boolean;
}

export interface WriteOutcome {
  /** Redis could not be told. It will be before this process reads it again; until then others may see the old value. */
  readonly deferred: boolean;
}

export interface CacheStats {
  /** Per namespace; `hitRatio` is the share of keys answered without a load, 0 to 1, or null before the first one. */
  readonly namespaces: Readonly<Record<string, NamespaceCounts & { hitRatio: number | null }>>;
  readonly l1: { bytes: number; maxBytes: number; entries: number; evictions: number; serving: boolean };
  readonly l2: { state: L2State; pendingInvalidations: number; errors: number };
}

/**
 * L1 in this process, L2 in Redis, then the loader. A value read before an invalidate is never stored after it, in no
 * process. Values handed out are plain JSON data, deep-frozen, and shared between callers.
 */
export class MultiLevelCache {
  constructor(
    private readonly namespaces: Namespaces,
    private readonly l1: L1Store,
    private readonly l2: RedisL2Store,
    private readonly loader: LeasedLoader,
    private readonly flights: SingleFlight<CachedValue>,
    private readonly serializer: JsonSerializer,
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  /**
   * The value, or `null` when there is none. `loader` runs once for any number of concurrent callers, in all processes;
   * its `null` or `undefined` is remembered for the namespace's `nilTtlMs`. Works without Redis, loading each time.
   * @throws UnknownNamespaceError, UncacheableValueError, or what `loader` throws (nothing is cached then).
   */
  async getOrLoad<T>(
    namespace: string,
    id: string,
    loader: () => Promise<T | null | undefined>,
    options: ReadOptions = {},
  ): Promise<T | null> {
    // The hot path: no array, no map.
    const hit = options.skipL1 ? undefined : this.l1.get(cacheKey(namespace, id));
    if (hit) {
      this.namespaces.get(namespace).counts.l1Hits += 1;
      return hit.value as T | null;
    }
    const loadOne = async (): Promise<Map<string, unknown>> => new Map([[id, await loader()]]);
    const [cached] = await this.find(namespace, [id], loadOne, options);
    return cached!.value as T | null;
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
    const distinct = [...new Set(ids)];
    const cached = await this.find(namespace, distinct, loadMany, options);
    return new Map(distinct.map((id, i) => [id, cached[i]!.value as T | null]));
  }

  /**
   * To be called after the write has been committed. When it resolves, no reader of this process gets the old value;
   * others' L1 follows within the delay of a message. A fill that began before is refused everywhere.
   * @throws UnknownNamespaceError
   */
  async invalidate(namespace: string, ...ids: string[]): Promise<WriteOutcome> {
    const { name, counts } = this.namespaces.get(namespace);
    const keys = ids.map((id) => cacheKey(name, id));
    for (const key of keys) this.forget(key);
    const confirmed = await this.l2.invalidate(keys);
    // Until Redis had done it, a reader could still fetch the old value from there into L1.
    for (const key of keys) this.forget(key);
    if (!confirmed) counts.deferredInvalidations += keys.length;
    return { deferred: !confirmed };
  }

  /**
   * Writes through: no load that began before can overwrite it. Two writers of one key are stored in the order in which
   * they call, which need not be the order of their commits: where that can happen, `invalidate` instead.
   * When deferred the value is not stored; the key is invalidated once Redis is back.
   * @throws UnknownNamespaceError, UncacheableValueError
   */
  async set(namespace: string, id: string, value: unknown): Promise<WriteOutcome> {
    const { name, counts, ttlMs: meanMs, nilTtlMs, l1MaxTtlMs } = this.namespaces.get(namespace);
    const bytes = this.serializer.encode(value);
    const cached = this.serializer.decode(bytes)!;
    const key = cacheKey(name, id);
    this.forget(key);
    const permit = this.l1.permit(key);
    const startedMs = this.clock.now();
    const ttlMs = jitteredTtlMs(cached.value === null ? nilTtlMs : meanMs, this.random);
    const stored = await this.l2.put(key, bytes, ttlMs);
    const isLatest = this.l1.isCurrent(key, permit);
    this.forget(key);
    if (!stored) counts.deferredInvalidations += 1;
    else if (isLatest) {
      this.l1.put(key, cached, startedMs + Math.min(ttlMs, l1MaxTtlMs), this.l1.permit(key));
    }
    return { deferred: !stored };
  }

  stats(): CacheStats {
    const namespaces: Record<string, NamespaceCounts & { hitRatio: number | null }> = {};
    for (const { name, counts } of this.namespaces.all()) {
      const hits = counts.l1Hits + counts.l2Hits + counts.joins;
      const all = hits + counts.l2Misses;
      namespaces[name] = { ...counts, hitRatio: all === 0 ? null : hits / all };
    }
    const { bytes, maxBytes, size, evictions, serving } = this.l1;
    const { state, pendingInvalidations, errors } = this.l2;
    return {
      namespaces,
      l1: { bytes, maxBytes, entries: size, evictions, serving },
      l2: { state, pendingInvalidations, errors },
    };
  }

  private async find(
    namespaceName: string,
    ids: readonly string[],
    loadMany: LoadMany,
    { skipL1 = false }: ReadOptions,
  ): Promise<CachedValue[]> {
    const namespace = this.namespaces.get(namespaceName);
    const { counts } = namespace;
    const mayJoin = this.mayJoin(skipL1);
    const found: (CachedValue | Promise<CachedValue>)[] = [];
    const missing: { id: string; key: CacheKey; slot: number }[] = [];
    for (const [slot, id] of ids.entries()) {
      const key = cacheKey(namespace.name, id);
      const hit = skipL1 ? undefined : this.l1.get(key);
      if (hit) counts.l1Hits += 1;
      else if (!skipL1) counts.l1Misses += 1;
      const flight = hit ?? (mayJoin ? this.flights.current(key) : undefined);
      if (flight === undefined) missing.push({ id, key, slot });
      else {
        if (!hit) counts.joins += 1;
        found[slot] = flight;
      }
    }
    if (missing.length > 0) {
      const missingIds = missing.map(({ id }) => id);
      const batch = this.loader.resolve(namespace, missingIds, loadMany);
      for (const { id, key, slot } of missing) {
        found[slot] = this.flights.begin(
          key,
          batch.then((values) => values.get(id)!),
        );
      }
    }
    return Promise.all(found.map((value) => Promise.resolve(value)));
  }

  /**
   * A flight may be joined only while every invalidate that would forbid it is heard. Where it is not, leases still keep
   * loads apart. Without Redis there is nothing else to keep the database from a stampede: then a caller may get what
   * was loaded a moment before it came, unless it asked for better.
   */
  private mayJoin(skipL1: boolean): boolean {
    return !skipL1 && (this.l1.serving || !this.l2.trusted);
  }

  /** From here on nobody gets, joins or stores anything that was read before. */
  private forget(key: CacheKey): void {
    this.l1.invalidate(key);
    this.flights.forget(key);
  }
}
