import type { L1Store } from '../l1/l1.store.js';
import type { OwnLoads } from '../loading/own-loads.js';
import type { SingleFlight } from '../loading/single-flight.js';
import type { Namespaces } from '../namespace.js';
import type { CachedValue } from '../serializing/serializer.js';
import type { InvalidationMessages, InvalidationTarget } from './invalidation-messages.js';

/** What an invalidate does in this process: from there on no caller gets, joins or stores what was read before. */
export class LocalInvalidations {
  constructor(
    private readonly l1: L1Store,
    private readonly flights: SingleFlight<CachedValue>,
    private readonly ownLoads: OwnLoads,
    private readonly namespaces: Namespaces,
    private readonly messages: InvalidationMessages,
  ) {}

  apply(target: InvalidationTarget): void {
    const { kind, name } = this.messages.parse(target);
    if (kind === 'key') {
      this.l1.invalidate(name);
      this.flights.forget(name);
      this.ownLoads.forget(name);
      return;
    }
    if (kind === 'tag') this.l1.invalidateTag(name);
    else {
      // A namespace that this process does not know, another release's say, has nothing here.
      const namespace = this.namespaces.find(name);
      if (namespace) {
        namespace.generation = undefined;
        this.l1.invalidateShelf(namespace.shelf);
      }
    }
    // Which flights it concerns is not worth knowing: the others are only not joined any more.
    this.flights.forgetAll();
    this.ownLoads.forgetAll();
  }
}
