import { HashRing } from '../ring/hash-ring.js';
import type { Topology } from '../ring/topology.js';
import type { TopologyStore } from './topology.store.js';

type AdoptedListener = (ring: HashRing, previous: HashRing) => void;

/** The ring this process routes by. The only place that holds one, so that a change reaches every caller at once. */
export class CurrentTopology {
  private readonly listeners = new Set<AdoptedListener>();

  private constructor(private adopted: HashRing) {}

  /** @throws TopologyMissingError, InvalidTopologyError: a process without a topology must not start. */
  static async load(store: TopologyStore): Promise<CurrentTopology> {
    return new CurrentTopology(new HashRing(await store.current()));
  }

  get ring(): HashRing {
    return this.adopted;
  }

  get topology(): Topology {
    return this.adopted.topology;
  }

  /** @returns false when its epoch is not higher than that of the current one, which then stays. */
  adopt(topology: Topology): boolean {
    const previous = this.adopted;
    if (topology.epoch <= previous.epoch) return false;
    this.adopted = new HashRing(topology);
    for (const listener of this.listeners) listener(this.adopted, previous);
    return true;
  }

  /** @returns ends it. */
  onAdopted(listener: AdoptedListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}
