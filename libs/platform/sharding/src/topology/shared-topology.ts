import { Logger } from '@nestjs/common';
import type { Topology } from '../ring/topology.js';
import type { CurrentTopology } from './current-topology.js';
import type { TopologyCopy } from './topology.copy.js';
import { digestOf, storedTopology, type TopologyStore } from './topology.store.js';

/**
 * The topology of all processes. The database says which one is current, by epoch and digest, and Redis may carry the
 * document. So a copy that was lost, rolled back, forged, or belongs to another environment is only ever useless, and a
 * change of a large document does not make every process read it from the primary at once.
 */
export class SharedTopology {
  private readonly logger = new Logger(SharedTopology.name);

  constructor(
    private readonly store: TopologyStore,
    private readonly own: CurrentTopology,
    private readonly copy?: TopologyCopy,
    /** Rejects where the shards do not say what a topology says that is about to be published. */
    private readonly check: (next: Topology) => Promise<void> = async () => {},
  ) {}

  /**
   * Makes `next` the current topology; this process routes by it when it resolves, the others within a second. While
   * Redis is away they find it in the database.
   * @throws InvalidTopologyError; StaleTopologyError when `next` does not follow the current one; SlotsNotMovedError when it
   *   gives slots to shards that they were not handed off to. Nothing changes then.
   */
  async publish(next: Topology): Promise<void> {
    await this.check(next);
    await this.spread(await this.store.publish(next));
  }

  /** The same with a topology that is in the database already. Never rejects. */
  async spread(published: Topology): Promise<void> {
    this.own.adopt(published);
    await this.offer(published);
  }

  /** @returns whether Redis names another epoch than `epoch`: then the database must be asked. True while it is away. */
  async copyDiffersFrom(epoch: number): Promise<boolean> {
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
   * Writes `topology` to Redis where the copy there differs. Never rejects: while it can't be done every process goes on
   * by the database, and the next poll retries.
   * @param topology as the database has it.
   * @param over from when on it replaces nothing any more, since the database may have another by then.
   */
  async offer(topology: Topology, over?: AbortSignal): Promise<void> {
    const { copy } = this;
    if (copy === undefined) return;
    try {
      const there = await copy.put(topology);
      if (there === String(topology.epoch)) return;
      // Redis gets an epoch after the database: one that the database, asked after that, does not have is foreign.
      const { epoch } = await this.store.head();
      if (epoch > topology.epoch || over?.aborted) return;
      this.logger.warn(
        `Redis had shard topology epoch ${there}, and the database has ${topology.epoch}: the copy is replaced. Does another environment use the same prefix?`,
      );
      await copy.put(topology, there);
    } catch {
      // The copy logs that Redis is away, and the follower that the database is.
    }
  }
}
