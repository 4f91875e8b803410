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
  /** Of those that were asked for in this turn of the event loop, and have not been sent yet. */
  private turn:
    { readonly targets: Set<InvalidationTarget>; readonly confirmed: Promise<boolean> } | undefined;

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
    const confirmed = await this.inRedis(targets);
    // Until Redis had done it, a reader could still fetch the old value from there into L1.
    for (const target of targets) this.here(target);
    return confirmed;
  }

  /** In one command with what others ask for at the same time: a group commit tells all its callers at once. */
  private inRedis(targets: readonly InvalidationTarget[]): Promise<boolean> {
    this.turn ??= this.nextTurn();
    for (const target of targets) this.turn.targets.add(target);
    return this.turn.confirmed;
  }

  private nextTurn() {
    const targets = new Set<InvalidationTarget>();
    const send = () => {
      this.turn = undefined;
      return this.levels.l2.invalidate([...targets]);
    };
    return { targets, confirmed: new Promise<void>((resolve) => process.nextTick(resolve)).then(send) };
  }
}
