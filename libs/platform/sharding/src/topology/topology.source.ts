import type { TopologyCopy } from './topology.copy.js';
import { parseTopology, type Topology } from './topology.document.js';
import type { TopologyHead, TopologyStore } from './topology.store.js';

/**
 * Where a process gets its topology from: the database says which one is current, by epoch and digest, and Redis may
 * carry the document. So a copy that was lost, rolled back, forged, or belongs to another environment is only ever
 * useless, and a change of a large document does not make every process read it from the primary at once.
 */
export class TopologySource {
  constructor(
    private readonly store: TopologyStore,
    private readonly copy?: TopologyCopy,
  ) {}

  /** @returns whether Redis names another epoch than `epoch`: then the database must be asked. True while it is away. */
  async hintsAtOtherThan(epoch: number): Promise<boolean> {
    if (this.copy === undefined) return true;
    const copied = await this.copy.epoch().catch(() => undefined);
    return copied !== String(epoch);
  }

  /**
   * The topology that the database says is current, unless it is `known` already.
   * @throws what the database throws; InvalidTopologyError when its document is damaged.
   */
  async current(known: Topology): Promise<Topology> {
    const head = await this.store.head();
    if (head.epoch === known.epoch) return known;
    const copied = await this.copy?.read().catch(() => undefined);
    return copied?.digest === head.digest ? parseTopology(copied.document) : this.store.current();
  }

  /** Puts the copy in Redis right, if it can be reached: without it, everybody goes on by the database. */
  async offer(topology: Topology): Promise<void> {
    const { copy } = this;
    const seen = await copy?.epoch().catch(() => undefined);
    if (copy === undefined || seen === undefined || seen === String(topology.epoch)) return;
    // Redis gets an epoch after the database: what it names and the database, asked after that, has not, is not ours.
    if (Number(seen) > topology.epoch && (await this.store.head()).epoch > topology.epoch) return;
    await copy.replace(seen, topology).catch(() => false);
  }
}
