import type { CurrentTopology } from './current-topology.js';
import type { Topology } from './topology.document.js';
import type { TopologySource } from './topology.source.js';
import type { TopologyStore } from './topology.store.js';

/** Changes the topology for all processes. */
export class TopologyPublisher {
  constructor(
    private readonly store: TopologyStore,
    private readonly source: TopologySource,
    private readonly own: CurrentTopology,
  ) {}

  /**
   * Makes `next` the current topology; this process routes by it when it resolves, the others within a second. While
   * Redis is away they find it in the database.
   * @throws InvalidTopologyError; StaleTopologyError when `next` does not follow the current one. Nothing changes then.
   */
  async publish(next: Topology): Promise<void> {
    const published = await this.store.publish(next);
    this.own.adopt(published);
    await this.source.offer(published);
  }
}
