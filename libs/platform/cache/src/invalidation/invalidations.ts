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

/** Carries out invalidations: in this process, in Redis, and by a message in all other processes. */
export class Invalidations {
  /** Invalidations that were asked for in this turn of the event loop and are sent together at its end. */
  private turn:
    { readonly targets: Set<InvalidationTarget>; readonly confirmed: Promise<boolean> } | undefined;

  constructor(private readonly levels: Levels) {}

  /** Invalidates in this process: from now on no caller gets, joins or stores a value that was read before. */
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
    // Until Redis had deleted the old value, a reader could still fetch it into L1: so L1 is invalidated again.
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
