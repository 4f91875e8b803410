import { HashRing } from '../ring/hash-ring.js';
import type { TopologyStore } from './topology.store.js';

/** The ring this process routes by. The only place that holds one, so that a change reaches every caller at once. */
export class CurrentTopology {
  private constructor(private adopted: HashRing) {}

  /** @throws TopologyMissingError, InvalidTopologyError: a process without a topology must not start. */
  static async load(store: TopologyStore): Promise<CurrentTopology> {
    return new CurrentTopology(new HashRing(await store.current()));
  }

  get ring(): HashRing {
    return this.adopted;
  }
}
