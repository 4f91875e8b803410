import { Logger } from '@nestjs/common';
import { digestOf, storedTopology } from './stored-topology.js';
import type { TopologyCopy } from './topology.copy.js';
import type { Topology } from './topology.document.js';
import type { TopologyStore } from './topology.store.js';

/**
 * Where a process gets its topology from: the database says which one is current, by epoch and digest, and Redis may
 * carry the document. So a copy that was lost, rolled back, forged, or belongs to another environment is only ever
 * useless, and a change of a large document does not make every process read it from the primary at once.
 */
export class TopologySource {
  readonly #logger = new Logger(TopologySource.name);

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
   * @returns the topology that the database says is current: `known` itself where that is the one.
   * @throws what the database throws; InvalidTopologyError when its document is damaged.
   */
  async current(known: Topology): Promise<Topology> {
    const head = await this.store.head();
    if (head.epoch === known.epoch && head.digest === digestOf(JSON.stringify(known))) return known;
    const copied = await this.copy?.document().catch(() => null);
    if (typeof copied === 'string' && digestOf(copied) === head.digest)
      return storedTopology(head.epoch, copied);
    return this.store.current();
  }

  /**
   * Puts the copy in Redis right. Never rejects: where it can't be done every process goes on by the database, and the
   * next poll tries again.
   * @param topology as the database has it.
   * @param over from when on it replaces nothing any more, since the database may have another by then.
   */
  async offer(topology: Topology, over?: AbortSignal): Promise<void> {
    const { copy } = this;
    if (copy === undefined) return;
    try {
      const there = await copy.put(topology);
      if (there === String(topology.epoch)) return;
      // Redis gets an epoch after the database: what the database, asked after that, does not have is not of ours.
      const { epoch } = await this.store.head();
      if (epoch > topology.epoch || over?.aborted) return;
      this.#logger.warn(
        `Redis had shard topology epoch ${there}, and the database has ${topology.epoch}: the copy is replaced. Does another environment use the same prefix?`,
      );
      await copy.put(topology, there);
    } catch {
      // Told by the copy when Redis is away, and by the follower when the database is.
    }
  }
}
