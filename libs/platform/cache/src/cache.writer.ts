import type { Clock } from '@fourfold/kernel';
import { cacheKey, type CacheKey, namespaceOf } from './cache-key.js';
import { type CachePolicy, graceMs } from './cache-policy.js';
import type { CarriedInvalidations } from './invalidation/carried-invalidations.js';
import type { HeldInvalidations } from './invalidation/held-invalidations.js';
import type { InvalidationMessages, InvalidationTarget } from './invalidation/invalidation-messages.js';
import type { LocalInvalidations } from './invalidation/local-invalidations.js';
import type { L1Store } from './l1/l1.store.js';
import type { RedisL2Store } from './l2/redis-l2.store.js';
import { jitteredTtlMs } from './loading/jittered-ttl.js';
import type { Namespace, Namespaces } from './namespace.js';
import { decodeValue, encodeValue } from './serializing/serializer.js';

export interface WriteOutcome {
  /**
   * Not done yet. Redis could not be told: it will be before this process reads it again, and until then others may see
   * the old value. Or the write that it belongs to has not ended.
   */
  readonly deferred: boolean;
}

/** What changes the cache: invalidations and values written through. */
export class CacheWriter {
  constructor(
    private readonly namespaces: Namespaces,
    private readonly l1: L1Store,
    private readonly l2: RedisL2Store,
    private readonly local: LocalInvalidations,
    private readonly messages: InvalidationMessages,
    private readonly held: HeldInvalidations,
    private readonly carried: CarriedInvalidations,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly maxValueBytes: number,
  ) {}

  invalidate(keys: readonly CacheKey[]): Promise<WriteOutcome> {
    return this.apply(keys.map((key) => this.messages.key(key)));
  }

  invalidateTags(tags: readonly string[]): Promise<WriteOutcome> {
    return this.apply(tags.map((tag) => this.messages.tag(tag)));
  }

  invalidateNamespace(name: string): Promise<WriteOutcome> {
    return this.apply([this.messages.namespace(name)]);
  }

  async set(namespace: Namespace, policy: CachePolicy, id: string, value: unknown): Promise<WriteOutcome> {
    const bytes = encodeValue(value, policy.serializer);
    const key = cacheKey(namespace.name, id);
    if (bytes.length > this.maxValueBytes) {
      namespace.counts.oversize += 1;
      return this.invalidate([key]);
    }
    if (this.held.hold([key])) return { deferred: true };
    const cached = decodeValue(bytes)!;
    const isNil = cached.value === null;
    const { tags, l1MaxTtlMs, refreshAhead } = policy;
    this.local.apply(key);
    const ttlMs = jitteredTtlMs(isNil ? policy.nilTtlMs : policy.ttlMs, policy.jitter, this.random);
    const fill = { bytes, ttlMs, graceMs: isNil ? 0 : graceMs(policy) };
    const leaseKey = { key, tags, lifeMs: fill.ttlMs + fill.graceMs };
    const token = await this.l2.replace(leaseKey);
    this.local.apply(key);
    this.carried.note([key], token !== undefined);
    if (token === undefined) {
      namespace.counts.deferredInvalidations += 1;
      return { deferred: true };
    }
    const permit = this.l1.permit(key, tags);
    const startedMs = this.clock.now();
    // Refused when another writer has written meanwhile; then what is old is gone all the same.
    if (await this.l2.fill(leaseKey, token, fill)) {
      const expiresMs = startedMs + Math.min(ttlMs, l1MaxTtlMs);
      const refreshAtMs = isNil || refreshAhead === 0 ? Infinity : startedMs + ttlMs * (1 - refreshAhead);
      this.l1.put(namespace.shelf, id, key, cached, { expiresMs, refreshAtMs }, permit, tags);
    } else namespace.counts.refusedFills += 1;
    return { deferred: false };
  }

  async after<T>(work: () => Promise<T>): Promise<WriteOutcome & { result: T }> {
    const { result, applied } = await this.held.during(work, (targets) => this.apply(targets));
    return { result, ...applied };
  }

  private async apply(targets: readonly InvalidationTarget[]): Promise<WriteOutcome> {
    if (this.held.hold(targets)) return { deferred: true };
    for (const target of targets) this.local.apply(target);
    const confirmed = await this.l2.invalidate(targets);
    // Until Redis had done it, a reader could still fetch the old value from there into L1.
    for (const target of targets) this.local.apply(target);
    this.carried.note(targets, confirmed);
    if (!confirmed) this.countDeferred(targets);
    return { deferred: !confirmed };
  }

  /** A tag belongs to no namespace: it counts in all. */
  private countDeferred(targets: readonly InvalidationTarget[]): void {
    for (const target of targets) {
      const { kind, name } = this.messages.parse(target);
      const names =
        kind === 'tag' ? this.namespaces.names() : [kind === 'namespace' ? name : namespaceOf(name)];
      for (const each of names) {
        const counts = this.namespaces.find(each)?.counts;
        if (counts) counts.deferredInvalidations += 1;
      }
    }
  }
}
