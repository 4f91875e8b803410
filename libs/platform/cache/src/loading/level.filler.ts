import type { Clock } from '@fourfold/kernel';
import type { CacheKey } from '../cache-key.js';
import { type CachePolicy, graceMs } from '../cache-policy.js';
import type { L1Lifetime, L1Store } from '../l1/l1.store.js';
import type { Hit } from '../l2/lease-commands.js';
import { generationOf, hasGeneration, type L2Record } from '../l2/record.js';
import type { RedisL2Store } from '../l2/redis-l2.store.js';
import type { Namespace } from '../namespace.js';
import { type CachedValue, decodeValue } from '../serializing/serializer.js';
import { jitteredTtlMs } from './jittered-ttl.js';
import type { Reading, Wanted } from './reading.js';

export interface FillLimits {
  /** Bytes of one encoded value; a larger one is not stored. */
  readonly maxValueBytes: number;
  /** Upper bound of a value's life in L1 when Redis is away, milliseconds. */
  readonly l1AwayTtlMs: number;
}

/** The way back: puts what was found or loaded into the levels above, unless it was invalidated meanwhile. */
export class LevelFiller {
  constructor(
    private readonly l1: L1Store,
    private readonly l2: RedisL2Store,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly limits: FillLimits,
  ) {}

  /** Takes the permit: to be called before anything is read. */
  want({ policy }: Pick<Reading, 'policy'>, id: string, key: CacheKey): Wanted {
    const { tags } = policy;
    return {
      id,
      key,
      tags,
      permit: this.l1.permit(key, tags),
      lifeMs: 2 * Math.max(policy.ttlMs, policy.nilTtlMs) + graceMs(policy),
    };
  }

  /**
   * What Redis had: into L1.
   * @returns undefined when the record can't be read: then it is removed.
   */
  takeHit(
    reading: Omit<Reading, 'loadMany'>,
    want: Wanted,
    { record, leftMs }: Hit,
    startedMs: number,
  ): CachedValue | undefined {
    const cached = decodeValue(record.bytes, record.valueAt);
    if (cached === undefined) {
      void this.l2.discard(want.key, record);
      return undefined;
    }
    const { namespace, policy } = reading;
    const isNil = cached.value === null;
    const lifetime = this.lifetime(policy, isNil, startedMs, leftMs, record.ttlMs, policy.l1MaxTtlMs);
    // A tag that this call did not name is one whose invalidation its permit knows nothing of.
    if (record.tagKeys.length === 0 || sameTags(this.l2.tagsOf(record), want.tags)) {
      this.l1.put(namespace.shelf, want.id, want.key, cached, lifetime, want.permit, want.tags);
    }
    if (lifetime.refreshAtMs <= startedMs) reading.onNearEnd(want.id);
    return cached;
  }

  /** What was loaded: into Redis if the lease is still there, and then into L1. */
  async store(
    { namespace, policy }: Reading,
    want: Wanted,
    bytes: Buffer,
    cached: CachedValue,
  ): Promise<void> {
    const { id, key, permit, token, tags } = want;
    if (bytes.length > this.limits.maxValueBytes) {
      namespace.counts.oversize += 1;
      if (token !== undefined) void this.l2.release(key, token);
      return;
    }
    const startedMs = this.clock.now();
    const isNil = cached.value === null;
    const ttlMs = jitteredTtlMs(isNil ? policy.nilTtlMs : policy.ttlMs, policy.jitter, this.random);
    const put = (maxMs: number): void => {
      const lifetime = this.lifetime(policy, isNil, startedMs, ttlMs, ttlMs, maxMs);
      this.l1.put(namespace.shelf, id, key, cached, lifetime, permit, tags);
    };
    if (token === undefined) {
      if (want.isAway === true) put(Math.min(policy.l1MaxTtlMs, this.limits.l1AwayTtlMs));
      return;
    }
    // An invalidate of this process may not have reached Redis yet, where our lease would still be good.
    if (!this.l1.isCurrent(key, permit, tags)) {
      namespace.counts.refusedFills += 1;
      void this.l2.release(key, token);
      return;
    }
    const fill = { bytes, ttlMs, graceMs: isNil ? 0 : graceMs(policy) };
    if (await this.l2.fill(want, token, fill)) put(policy.l1MaxTtlMs);
    else namespace.counts.refusedFills += 1;
  }

  /** From a record that a script found good; not when a message may have come after that. */
  learnGeneration(namespace: Namespace, want: Wanted, record: L2Record): void {
    if (!this.l1.isCurrent(want.key, want.permit, want.tags)) return;
    namespace.generationShownMs = this.clock.now();
    if (!namespace.generation || !hasGeneration(record, namespace.generation)) {
      namespace.generation = generationOf(record);
    }
  }

  private lifetime(
    { refreshAhead }: CachePolicy,
    isNil: boolean,
    startedMs: number,
    leftMs: number,
    ttlMs: number,
    maxMs: number,
  ): L1Lifetime {
    const endMs = startedMs + leftMs;
    const isRefreshed = refreshAhead > 0 && !isNil;
    return {
      expiresMs: Math.min(endMs, startedMs + maxMs),
      refreshAtMs: isRefreshed ? endMs - ttlMs * refreshAhead : Infinity,
    };
  }
}

function sameTags(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((tag) => b.includes(tag));
}
