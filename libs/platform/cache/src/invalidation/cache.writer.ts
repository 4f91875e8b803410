import { cacheKey } from '../cache-key.js';
import type { CachePolicy } from '../cache-policy.js';
import { type InvalidationTarget, keyTarget, namespaceOfTarget } from '../invalidation-target.js';
import type { RedisL2Store } from '../l2/redis-l2.store.js';
import type { LevelFiller } from '../loading/level-filler.js';
import type { Namespace, Namespaces } from '../namespace.js';
import { decodeValue, encodeValue } from '../serializing/serializer.js';
import type { CarriedInvalidations } from './carried-invalidations.js';
import { HeldInvalidations } from './held-invalidations.js';
import type { Invalidations } from './invalidations.js';

export interface WriteOutcome {
  /**
   * Not done yet. Redis could not be told: it will be before this process reads it again, and until then others may see
   * the old value. Or the write that it belongs to has not ended.
   */
  readonly deferred: boolean;
}

export interface CacheWriterParts {
  readonly namespaces: Namespaces;
  readonly l2: RedisL2Store;
  readonly filler: LevelFiller;
  readonly invalidations: Invalidations;
  readonly carried: CarriedInvalidations;
  /** Bytes of one encoded value; a larger one is not stored. */
  readonly maxValueBytes: number;
}

/** What changes the cache: invalidations and values written through. */
export class CacheWriter {
  private readonly held = new HeldInvalidations();

  constructor(private readonly parts: CacheWriterParts) {}

  async invalidate(targets: readonly InvalidationTarget[]): Promise<WriteOutcome> {
    if (this.held.hold(targets)) return { deferred: true };
    const confirmed = await this.parts.invalidations.everywhere(targets);
    return this.done(targets, confirmed);
  }

  async set(namespace: Namespace, policy: CachePolicy, id: string, value: unknown): Promise<WriteOutcome> {
    const { l2, filler, invalidations, maxValueBytes } = this.parts;
    const bytes = encodeValue(value, policy.serializer, policy.version);
    const key = cacheKey(namespace.name, id);
    const target = keyTarget(key);
    if (bytes.length > maxValueBytes) {
      namespace.counts.oversize += 1;
      return this.invalidate([target]);
    }
    if (this.held.hold([target])) return { deferred: true };
    invalidations.here(target);
    const token = await l2.replace(key);
    invalidations.here(target);
    const outcome = this.done([target], token !== undefined);
    if (token === undefined) return outcome;
    // Refused when another writer has written meanwhile; then what is old is gone all the same.
    const want = { ...filler.want(namespace, id), token };
    await filler.store({ namespace, policy }, want, bytes, decodeValue(bytes, 0, policy.version)!);
    return outcome;
  }

  async after<T>(work: () => Promise<T>): Promise<WriteOutcome & { result: T }> {
    const { result, applied } = await this.held.during(work, (targets) => this.invalidate(targets));
    return { result, ...applied };
  }

  private done(targets: readonly InvalidationTarget[], confirmed: boolean): WriteOutcome {
    const { namespaces, carried } = this.parts;
    carried.note(targets, confirmed);
    for (const target of confirmed ? [] : targets) {
      const counts = namespaces.find(namespaceOfTarget(target))?.counts;
      if (counts) counts.deferredInvalidations += 1;
    }
    return { deferred: !confirmed };
  }
}
