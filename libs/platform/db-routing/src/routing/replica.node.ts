import type { PositionWaiter } from '../consistency/position.waiter.js';
import type { ReplicaHealth } from '../health/replica-health.js';
import type { ReplicaProbe } from '../health/replica.probe.js';
import type { NodePool } from '../pool/node.pool.js';
import type { ReplicaView } from './route.policy.js';

export interface ReplicaParts {
  pool: NodePool;
  health: ReplicaHealth;
  probe: ReplicaProbe;
  positions: PositionWaiter;
}

/** One replica: its connections, and what is known of it. */
export class ReplicaNode implements ReplicaView {
  readonly pool: NodePool;
  readonly health: ReplicaHealth;
  readonly probe: ReplicaProbe;
  readonly positions: PositionWaiter;

  constructor(
    readonly id: string,
    private readonly fullWeight: number,
    parts: ReplicaParts,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.pool = parts.pool;
    this.health = parts.health;
    this.probe = parts.probe;
    this.positions = parts.positions;
  }

  get weight(): number {
    return this.health.state === 'healthy'
      ? this.fullWeight
      : this.fullWeight * this.health.weight(this.now());
  }

  get inRotation(): boolean {
    return this.health.inRotation;
  }

  get suspect(): boolean {
    return this.health.suspect;
  }

  get usableWhenForced(): boolean {
    return this.health.usableWhenForced;
  }

  get outstanding(): number {
    return this.pool.demand;
  }

  covers(position: string): boolean {
    return this.positions.covers(position);
  }

  async end(): Promise<void> {
    await Promise.all([new Promise((ended) => this.pool.end(ended)), this.probe.end(), this.positions.end()]);
  }
}
