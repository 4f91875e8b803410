import type { Clock } from '@fourfold/kernel';
import { cacheKey, type CacheKey } from './cache-key.js';
import type { CacheMetrics } from './cache.metrics.js';
import { jitteredTtlMs } from './jittered-ttl.js';
import type { FillPermit, L1Store } from './l1.store.js';
import type { Namespace } from './namespace.js';
import type { RedisL2Store } from './redis-l2.store.js';
import type { CachedValue, JsonSerializer } from './serializer.js';

/** Loads several things at once; an id that the answer lacks is absent. */
export type LoadMany<T = unknown> = (ids: string[]) => Promise<ReadonlyMap<string, T | null | undefined>>;

interface Wanted {
  readonly id: string;
  readonly key: CacheKey;
  readonly permit: FillPermit;
  /** Without one the value is loaded and handed out, but not stored. */
  readonly token?: string;
}

/** Waits for another process's load: the first, growing by half each time, up to the longest. */
const FIRST_POLL_MS = 10;
const LONGEST_POLL_MS = 100;

/**
 * Everything below L1: reads Redis, loads under leases what is not there, fills Redis and then L1.
 *
 * A key that another process is loading is polled for, at most `leaseWaitMs`, while our own keys load; then it is
 * loaded as well: waiting is never worth more than an answer. Nothing is held while waiting, so two batches that want
 * each other's keys cannot block each other.
 */
export class LeasedLoader {
  constructor(
    private readonly l1: L1Store,
    private readonly l2: RedisL2Store,
    private readonly serializer: JsonSerializer,
    private readonly metrics: CacheMetrics,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly leaseWaitMs: number,
  ) {}

  /**
   * Every id of `ids` is in the answer.
   * @throws what `loadMany` throws, or UncacheableValueError.
   */
  resolve(
    namespace: Namespace,
    ids: readonly string[],
    loadMany: LoadMany,
  ): Promise<Map<string, CachedValue>> {
    return this.read(namespace, ids, loadMany, 0, FIRST_POLL_MS);
  }

  private async read(
    namespace: Namespace,
    ids: readonly string[],
    loadMany: LoadMany,
    waitedMs: number,
    pollMs: number,
  ): Promise<Map<string, CachedValue>> {
    const values = new Map<string, CachedValue>();
    const toLoad: Wanted[] = [];
    const busy: string[] = [];
    const startedMs = this.clock.now();
    // Permits come first: whatever is invalidated from here on must not be put into L1 by us.
    const wanted = ids.map((id): Wanted => {
      const key = cacheKey(namespace.name, id);
      return { id, key, permit: this.l1.permit(key) };
    });
    const reads = await this.l2.readOrLease(wanted.map(({ key }) => key));
    for (const [i, want] of wanted.entries()) {
      const read = reads[i]!;
      const cached = read.kind === 'hit' ? this.serializer.decode(read.bytes) : undefined;
      if (read.kind === 'hit' && cached !== undefined) {
        namespace.counts.l2Hits += 1;
        const ttlMs = Math.min(read.ttlMs, namespace.l1MaxTtlMs);
        this.l1.put(want.key, cached, startedMs + ttlMs, want.permit);
        values.set(want.id, cached);
        continue;
      }
      // Counted once however often it is polled for.
      if (waitedMs === 0) namespace.counts.l2Misses += 1;
      if (read.kind === 'lease') toLoad.push({ ...want, token: read.token });
      else if (read.kind === 'away' || waitedMs >= this.leaseWaitMs) toLoad.push(want);
      else busy.push(want.id);
      if (read.kind === 'hit') void this.l2.discard(want.key, read.bytes);
    }
    await Promise.all([
      this.load(namespace, toLoad, loadMany, values),
      this.waitForOthers(namespace, busy, loadMany, waitedMs, pollMs, values),
    ]);
    return values;
  }

  private async waitForOthers(
    namespace: Namespace,
    busy: readonly string[],
    loadMany: LoadMany,
    waitedMs: number,
    pollMs: number,
    values: Map<string, CachedValue>,
  ): Promise<void> {
    if (busy.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    const found = await this.read(
      namespace,
      busy,
      loadMany,
      waitedMs + pollMs,
      Math.min(Math.ceil(pollMs * 1.5), LONGEST_POLL_MS),
    );
    for (const [id, cached] of found) values.set(id, cached);
  }

  private async load(
    namespace: Namespace,
    wanted: readonly Wanted[],
    loadMany: LoadMany,
    values: Map<string, CachedValue>,
  ): Promise<void> {
    if (wanted.length === 0) return;
    const stop = this.metrics.loadStarted(namespace, wanted.length);
    let encoded: Buffer[];
    try {
      const loaded = await loadMany(wanted.map(({ id }) => id));
      encoded = wanted.map(({ id }) => this.serializer.encode(loaded.get(id)));
      stop('ok');
    } catch (error) {
      stop('error');
      for (const { key, token } of wanted) if (token !== undefined) void this.l2.release(key, token);
      throw error;
    }
    await Promise.all(
      wanted.map(async (want, i) => {
        // Callers get what the bytes hold, so the first one sees exactly what later ones will.
        const cached = this.serializer.decode(encoded[i]!)!;
        values.set(want.id, cached);
        await this.fill(namespace, want, encoded[i]!, cached);
      }),
    );
  }

  private async fill(namespace: Namespace, want: Wanted, bytes: Buffer, cached: CachedValue): Promise<void> {
    if (want.token === undefined) return;
    const startedMs = this.clock.now();
    const meanMs = cached.value === null ? namespace.nilTtlMs : namespace.ttlMs;
    const ttlMs = jitteredTtlMs(meanMs, this.random);
    // An invalidate of this process may not have reached Redis yet, where our lease would still be good.
    if (!this.l1.isCurrent(want.key, want.permit)) {
      namespace.counts.refusedFills += 1;
      void this.l2.release(want.key, want.token);
      return;
    }
    const stored = await this.l2.fill(want.key, want.token, bytes, ttlMs);
    if (stored) this.l1.put(want.key, cached, startedMs + Math.min(ttlMs, namespace.l1MaxTtlMs), want.permit);
    else namespace.counts.refusedFills += 1;
  }
}
