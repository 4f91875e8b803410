import { type InvalidationTarget, isNamespace, namespaceOfTarget } from '../invalidation-target.js';
import type { L1Store } from '../l1/l1.store.js';
import type { RedisL2Store } from '../l2/redis-l2.store.js';
import type { Flights } from '../loading/flights.js';
import type { Namespaces } from '../namespace.js';

/** The levels that an invalidation empties. */
export interface Levels {
  readonly namespaces: Namespaces;
  readonly l1: L1Store;
  readonly l2: RedisL2Store;
  readonly flights: Flights;
}

/** What an invalidation does, for each of its callers. */
export class Invalidations {
  constructor(private readonly levels: Levels) {}

  /** In this process: from here on no caller gets, joins or stores what was read before. */
  here(target: InvalidationTarget): void {
    const { l1, flights, namespaces } = this.levels;
    flights.forget(target);
    // A namespace that this process does not know, another release's say, has nothing here.
    const namespace = isNamespace(target) ? namespaces.find(namespaceOfTarget(target)) : undefined;
    if (namespace) l1.invalidateShelf(namespace.shelf);
    else l1.invalidate(target);
  }

  /** @returns false when Redis did not confirm: then this process owes it to Redis. */
  async everywhere(targets: readonly InvalidationTarget[]): Promise<boolean> {
    for (const target of targets) this.here(target);
    const confirmed = await this.levels.l2.invalidate(targets);
    // Until Redis had done it, a reader could still fetch the old value from there into L1.
    for (const target of targets) this.here(target);
    return confirmed;
  }
}
