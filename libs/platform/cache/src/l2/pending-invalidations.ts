import { namespaceOf } from '../cache-key.js';
import { type InvalidationTarget, isNamespace, namespaceTarget } from '../invalidation-target.js';

/**
 * Invalidations that Redis has not confirmed, kept until it does. Bounded: past `max` the namespace with the most keys
 * is owed a flush of the whole instead, which costs its cache but never a stale value.
 */
export class PendingInvalidations {
  /** At most `max`. */
  private readonly keys = new Set<InvalidationTarget>();
  /** Namespaces as a whole. */
  private readonly flushes = new Set<InvalidationTarget>();

  constructor(private readonly max: number) {}

  get size(): number {
    return this.keys.size + this.flushes.size;
  }

  add(targets: readonly InvalidationTarget[]): void {
    for (const target of targets) {
      if (isNamespace(target)) this.flushes.add(target);
      else if (!this.flushes.has(namespaceTarget(namespaceOf(target)))) this.keys.add(target);
    }
    while (this.keys.size > this.max) this.condense();
  }

  /** Takes out up to `limit`: the oldest keys, then flushes, since a whole namespace may be made of what keys name. */
  take(limit: number): InvalidationTarget[] {
    const taken = [...this.keys, ...this.flushes].slice(0, limit);
    for (const target of taken) {
      this.flushes.delete(target);
      this.keys.delete(target);
    }
    return taken;
  }

  private condense(): void {
    const keysOf = [...Map.groupBy(this.keys, namespaceOf)];
    const [namespace, keys] = keysOf.sort(([, a], [, b]) => b.length - a.length)[0]!;
    for (const key of keys) this.keys.delete(key);
    this.flushes.add(namespaceTarget(namespace));
  }
}
