import type { Clock } from '@fourfold/kernel';
import { cacheKey } from '../cache-key.js';
import { type CachePolicy, graceMs, jitteredTtlMs } from '../cache-policy.js';
import type { L1Lifetime, L1Store } from '../l1/l1.store.js';
import type { Hit } from '../l2/l2-read.js';
import { valueOf } from '../l2/record.js';
import type { RedisL2Store } from '../l2/redis-l2.store.js';
import type { Namespace } from '../namespace.js';
import type { CachedValue } from '../serializing/serializer.js';
import type { Wanted } from './reading.js';

export interface LevelFillerParts {
  readonly l1: L1Store;
  readonly l2: RedisL2Store;
  readonly clock: Clock;
  readonly random: () => number;
  /** Bytes of one encoded value; a larger one is not stored. */
  readonly maxValueBytes: number;
  /** Upper bound of a value's life in L1 when Redis is away, milliseconds. */
  readonly l1AwayTtlMs: number;
}

/** Whose value it is, and how it is kept. */
interface Place {
  readonly namespace: Namespace;
  readonly policy: CachePolicy;
}

/** The way back: puts what was found or loaded into the levels above, unless it was invalidated meanwhile. */
export class LevelFiller {
  constructor(private readonly parts: LevelFillerParts) {}

  /** Takes the permit: to be called before anything is read. */
  want({ name, shelf }: Namespace, id: string): Wanted {
    const key = cacheKey(name, id);
    return { id, key, permit: this.parts.l1.permit(shelf, key) };
  }

  /**
   * What Redis had: into L1.
   * @returns undefined when the record can't be read: then it is removed.
   */
  takeHit(
    { namespace, policy }: Place,
    want: Wanted,
    { record, leftMs }: Hit,
    startedMs: number,
  ): { cached: CachedValue; nearEnd: boolean } | undefined {
    const { l1, l2 } = this.parts;
    const cached = valueOf(record, policy.version);
    if (cached === undefined) {
      void l2.discard(want.key, record);
      return undefined;
    }
    const lifetime = lifetimeOf(policy, cached, startedMs, leftMs, record.ttlMs, policy.l1MaxTtlMs);
    l1.put(namespace.shelf, want.id, want.key, cached, lifetime, want.permit);
    return { cached, nearEnd: lifetime.refreshAtMs <= startedMs };
  }

  /** What was loaded: into Redis if the lease is still there, and then into L1. */
  async store({ namespace, policy }: Place, want: Wanted, bytes: Buffer, cached: CachedValue): Promise<void> {
    const { l1, l2, clock, random, maxValueBytes, l1AwayTtlMs } = this.parts;
    const { id, key, permit, token } = want;
    if (bytes.length > maxValueBytes) {
      namespace.counts.oversize += 1;
      if (token !== undefined) void l2.release(key, token);
      return;
    }
    const startedMs = clock.now();
    const isNil = cached.value === null;
    const ttlMs = jitteredTtlMs(isNil ? policy.nilTtlMs : policy.ttlMs, policy.jitter, random);
    const put = (maxMs: number): void => {
      const lifetime = lifetimeOf(policy, cached, startedMs, ttlMs, ttlMs, maxMs);
      l1.put(namespace.shelf, id, key, cached, lifetime, permit);
    };
    if (token === undefined) {
      if (want.isAway === true) put(Math.min(policy.l1MaxTtlMs, l1AwayTtlMs));
      return;
    }
    // An invalidate of this process may not have reached Redis yet, where our lease would still be good.
    if (!l1.isCurrent(namespace.shelf, key, permit)) {
      namespace.counts.refusedFills += 1;
      void l2.release(key, token);
      return;
    }
    const fill = { bytes, ttlMs, graceMs: isNil ? 0 : graceMs(policy) };
    if (await l2.fill(key, token, fill)) put(policy.l1MaxTtlMs);
    else namespace.counts.refusedFills += 1;
  }
}

function lifetimeOf(
  { refreshAhead }: CachePolicy,
  { value }: CachedValue,
  startedMs: number,
  leftMs: number,
  ttlMs: number,
  maxMs: number,
): L1Lifetime {
  const endMs = startedMs + leftMs;
  const isRefreshed = refreshAhead > 0 && value !== null;
  return {
    expiresMs: Math.min(endMs, startedMs + maxMs),
    refreshAtMs: isRefreshed ? endMs - ttlMs * refreshAhead : Infinity,
  };
}
