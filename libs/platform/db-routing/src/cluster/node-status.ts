import { addressOf, type CompleteOptions } from '../db-routing.options.js';
import type { ReplicaState } from '../health/replica-health.js';
import type { PoolStats } from '../pool/pool.options.js';
import type { RoutingPoolCluster } from './routing-pool.cluster.js';

export interface NodeStatus {
  node: string;
  role: 'primary' | 'replica';
  /** `host:port`. */
  address: string;
  /** Of a replica, whether reads go there and why not; of the primary always `primary`. */
  state: ReplicaState | 'primary';
  /** When it last answered; null for the primary, and for a replica that has not answered yet. */
  lagMs: number | null;
  pool: PoolStats;
  /** Of all reads in the last minute, in [0, 1]; null when there were none. */
  readShareLastMinute: number | null;
}

/** What an operator wants to know of each node, at this moment and as this process sees it. */
export class NodeStatuses {
  constructor(
    private readonly cluster: RoutingPoolCluster,
    private readonly options: Pick<CompleteOptions, 'primaryUrl' | 'replicas'>,
  ) {}

  get all(): NodeStatus[] {
    const { primaryPool, primaryName, replicaNodes } = this.cluster;
    const { primaryUrl, replicas } = this.options;
    return [
      {
        ...this.common(primaryName, primaryUrl),
        role: 'primary',
        state: 'primary',
        lagMs: null,
        pool: primaryPool.stats,
      },
      ...replicaNodes.map(({ id, pool, health }, index) => ({
        ...this.common(id, replicas[index]?.url ?? primaryUrl),
        role: 'replica' as const,
        state: health.state,
        lagMs: health.lagMs === undefined ? null : Math.round(health.lagMs),
        pool: pool.stats,
      })),
    ];
  }

  private common(node: string, url: string) {
    const { share, primaryName, replicaNodes } = this.cluster;
    const nowMs = performance.now();
    const nodes = [primaryName, ...replicaNodes.map(({ id }) => id)];
    const total = nodes.reduce((sum, id) => sum + share.of(id, nowMs), 0);
    return {
      node,
      address: addressOf(url),
      readShareLastMinute: total === 0 ? null : Number((share.of(node, nowMs) / total).toFixed(3)),
    };
  }
}
