import { namespaceOf } from '../cache-key.js';
import type { InvalidationMessages, InvalidationTarget } from './invalidation-messages.js';

/**
 * Invalidations that Redis has not confirmed, kept until it does. Bounded: past `max` the namespace with the most keys
 * is owed a flush of the whole instead, which costs its cache but never a stale value. A tag may be in any namespace:
 * when tags alone are too many, all namespaces are owed.
 */
export class PendingInvalidations {
  /** Keys and tags, at most `max`. */
  private readonly single = new Set<InvalidationTarget>();
  /** Namespaces as a whole. */
  private readonly flushes = new Set<InvalidationTarget>();

  constructor(
    private readonly messages: InvalidationMessages,
    private readonly namespaces: readonly string[],
    private readonly max: number,
  ) {}

  get isEmpty(): boolean {
    return this.size === 0;
  }

  get size(): number {
    return this.single.size + this.flushes.size;
  }

  add(targets: readonly InvalidationTarget[]): void {
    for (const target of targets) {
      const { kind, name } = this.messages.parse(target);
      if (kind === 'namespace') this.flushes.add(target);
      else if (kind === 'tag' || !this.flushes.has(this.messages.namespace(namespaceOf(name))))
        this.single.add(target);
    }
    while (this.single.size > this.max) this.condense();
  }

  /** Takes out up to `limit`: flushes first, then the oldest. */
  take(limit: number): InvalidationTarget[] {
    const taken = [...this.flushes, ...this.single].slice(0, limit);
    for (const target of taken) {
      this.flushes.delete(target);
      this.single.delete(target);
    }
    return taken;
  }

  private condense(): void {
    const keysOf = Map.groupBy(
      [...this.single].filter((target) => this.messages.parse(target).kind === 'key'),
      namespaceOf,
    );
    const [largest] = [...keysOf].sort(([, a], [, b]) => b.length - a.length);
    if (largest) {
      const [namespace, keys] = largest;
      for (const key of keys) this.single.delete(key);
      this.flushes.add(this.messages.namespace(namespace));
      return;
    }
    this.single.clear();
    for (const name of this.namespaces) this.flushes.add(this.messages.namespace(name));
  }
}
