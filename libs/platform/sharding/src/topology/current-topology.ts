import { HashRing } from '../ring/hash-ring.js';
import type { Topology } from '../ring/topology.js';
import type { TopologyStore } from './topology.store.js';

/**
 * For how long a topology is trusted after the database has confirmed it. A process that slept longer, or can't reach the
 * database, asks the fences. A migration waits for longer than this between the topology that names its slots and its first
 * copied row: then each process knows of it, or does not trust what it knows.
 */
export const TOPOLOGY_TRUST_MS = 8_000;

type AdoptedListener = (ring: HashRing, previous: HashRing) => void;

/** The ring this process routes by. The only place that holds one, so that a change reaches every caller at once. */
export class CurrentTopology {
  private readonly listeners = new Set<AdoptedListener>();

  /** Undefined while it is not followed. */
  private confirmedMs: number | undefined;

  private constructor(
    private adopted: HashRing,
    private readonly loadedMs: number,
  ) {}

  /** @throws TopologyMissingError, InvalidTopologyError: a process without a topology must not start. */
  static async load(store: TopologyStore): Promise<CurrentTopology> {
    const askedMs = performance.now();
    return new CurrentTopology(new HashRing(await store.current()), askedMs);
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

  /** The database said so when it was asked at `askedMs` (`performance.now()`). Default: when it was loaded. */
  confirm(askedMs = this.loadedMs): void {
    this.confirmedMs = Math.max(this.confirmedMs ?? askedMs, askedMs);
  }

  /** Whether each row on a shard is the shard's own, and each shard owns what the ring says. */
  get isSettled(): boolean {
    return this.isTrusted && !this.adopted.hasMoving;
  }

  /** Whether the fence must be asked who owns the slot. */
  isDoubtful(slot: number): boolean {
    return !this.isTrusted || this.adopted.isMoving(slot);
  }

  private get isTrusted(): boolean {
    return this.confirmedMs === undefined || performance.now() - this.confirmedMs < TOPOLOGY_TRUST_MS;
  }

  /** @returns ends it. */
  onAdopted(listener: AdoptedListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}
