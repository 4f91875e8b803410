import type { Clock } from '@fourfold/kernel';
import { tracingOn } from '@fourfold/observability/tracing';
import { keyOf } from './cache-key.js';
import { type CacheNamespace, NamespaceView } from './cache-namespace.js';
import { type CachePolicy, type CallOptions, policyOfCall } from './cache-policy.js';
import { noteL1 } from './cache.spans.js';
import { type CacheStats, statsOf } from './cache-stats.js';
import type { CacheWriter, WriteOutcome } from './invalidation/cache.writer.js';
import { keyTarget, namespaceTarget } from './invalidation-target.js';
import type { L1Store } from './l1/l1.store.js';
import type { RedisL2Store } from './l2/redis-l2.store.js';
import type { Finder } from './loading/finder.js';
import type { OldValueListener, OldValues } from './loading/old-values.js';
import type { LoadMany, Reading } from './loading/reading.js';
import { type Namespace, type Namespaces, noLooks } from './namespace.js';
import { warmUp, type WarmupEntry, type WarmupOptions, type WarmupReport } from './warm-up.js';

export interface ReadOptions extends CallOptions {
  /**
   * Take nothing from this process, no load under way either: the answer reflects every confirmed invalidate of any
   * process.
   */
  skipL1?: boolean;
}

export interface MultiLevelCacheParts {
  readonly namespaces: Namespaces;
  readonly l1: L1Store;
  readonly l2: RedisL2Store;
  readonly finder: Finder;
  readonly writer: CacheWriter;
  readonly oldValues: OldValues;
  readonly clock: Clock;
}

/**
 * L1 in this process, L2 in Redis, then the loader. A value read before an invalidate is never stored after it, in no
 * process. Values handed out are plain data, deep-frozen, and shared between callers; what can't be frozen (with
 * msgpack: a Map, a Date, bytes) each caller gets for itself.
 */
export class MultiLevelCache {
  // What a hit in L1 needs: a look into `parts` for each costs it a tenth of its time.
  private readonly namespaces: Namespaces;
  private readonly l1: L1Store;
  private readonly clock: Clock;

  constructor(private readonly parts: MultiLevelCacheParts) {
    ({ namespaces: this.namespaces, l1: this.l1, clock: this.clock } = parts);
  }

  /** Has `listener` hear of each value that may be old (see `valueMayBeOld`). */
  reportOldValues(listener: OldValueListener): void {
    this.parts.oldValues.listen(listener);
  }

  /**
   * The same calls with the types of one namespace.
   * @throws UnknownNamespaceError
   */
  namespace<T>({ name }: CacheNamespace<T>): NamespaceView<T> {
    return new NamespaceView<T>(this, this.parts.namespaces.get(name).name);
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
      if (entry !== undefined) {
        found.looks.l1Hits += 1;
        if (tracingOn) noteL1(namespace, 1, 1);
        if (nowMs >= entry.refreshAtMs)
          this.parts.finder.nearEnd(readingOf(found, policy, one(id, loader)), id);
        return entry.cached.value as T | null;
      }
    }
    const { finder, oldValues } = this.parts;
    const reading = readingOf(found, policy, one(id, loader));
    const cached = await finder.findOne(reading, id, options?.skipL1 === true);
    oldValues.given(cached);
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
    const found = this.parts.namespaces.get(namespace);
    const reading = readingOf(found, policyOfCall(namespace, found.policy, options), loadMany);
    const distinct = [...new Set(ids)];
    const cached = await this.parts.finder.find(reading, distinct, options.skipL1 === true);
    for (const value of cached) this.parts.oldValues.given(value);
    return new Map(distinct.map((id, i) => [id, cached[i]!.value as T | null]));
  }

  /**
   * What the cache holds, without loading: `null` in `value` says that there is known to be nothing.
   * @returns undefined when it holds nothing.
   * @throws UnknownNamespaceError
   */
  async peek<T>(namespace: string, id: string): Promise<{ value: T | null } | undefined> {
    const { namespaces, finder } = this.parts;
    const cached = await finder.peek(namespaces.get(namespace), id);
    return cached && { value: cached.value as T | null };
  }

  /**
   * To be called after the write has been committed. When it resolves, no reader of this process gets the old value;
   * others' L1 follows within the delay of a message. A fill that began before is refused everywhere.
   * @throws UnknownNamespaceError
   */
  async invalidate(namespace: string, ...ids: string[]): Promise<WriteOutcome> {
    const { namespaces, writer } = this.parts;
    const { name } = namespaces.get(namespace);
    return writer.invalidate(ids.map((id) => keyTarget(keyOf(name, id))));
  }

  /**
   * The same for everything in the namespace.
   * @throws UnknownNamespaceError
   */
  async invalidateNamespace(namespace: string): Promise<WriteOutcome> {
    const { namespaces, writer } = this.parts;
    return writer.invalidate([namespaceTarget(namespaces.get(namespace).name)]);
  }

  /**
   * Writes through: no load that began before can overwrite it. Two writers of one key are stored in the order in which
   * they call, which need not be the order of their commits: where that can happen, `invalidate` instead.
   * When deferred the value is not stored; the key is invalidated once Redis is back.
   * @throws UnknownNamespaceError, CacheCallError, UncacheableValueError
   */
  async set(namespace: string, id: string, value: unknown, options: CallOptions = {}): Promise<WriteOutcome> {
    const { namespaces, writer } = this.parts;
    const found = namespaces.get(namespace);
    keyOf(namespace, id);
    return writer.set(found, policyOfCall(namespace, found.policy, options), id, value);
  }

  /**
   * Runs a write, a transaction say, and holds back what it invalidates (or sets, which then only invalidates) until it
   * has ended, well or badly. Inside, such a call answers `deferred`.
   * @throws what `work` throws.
   */
  async invalidateAfter<T>(work: () => Promise<T>): Promise<WriteOutcome & { result: T }> {
    return this.parts.writer.after(work);
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
    return statsOf(this.parts);
  }

  private async fill({ namespace, ids, loadMany, options = {} }: WarmupEntry): Promise<void> {
    const found = this.parts.namespaces.get(namespace);
    const policy = policyOfCall(namespace, found.policy, { ...options, neverExpire: false });
    // A value near its end is left to its next reader: a batch of them would be as many loads at once.
    const reading = { namespace: found, policy, loadMany, looks: noLooks(), refreshes: false };
    await this.parts.finder.find(reading, [...new Set(ids)], false);
  }
}

function readingOf(namespace: Namespace, policy: CachePolicy, loadMany: LoadMany): Reading {
  return { namespace, policy, loadMany, looks: namespace.looks, refreshes: true };
}

function one<T>(id: string, loader: () => Promise<T | null | undefined>): LoadMany {
  return async (ids) => new Map(ids.length > 0 ? [[id, await loader()]] : []);
}
