import { Inject, Injectable } from '@nestjs/common';
import { addressOf, COMPLETE_OPTIONS, type CompleteOptions } from '../db-routing.options.js';
import type { ReplicaState } from '../health/replica-health.js';
import type { PoolStats } from '../pool/pool.options.js';
import { PRIMARY } from './read.router.js';
import { RoutingPoolCluster } from './routing-pool.cluster.js';

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
@Injectable()
export class NodeStatuses {
  private readonly addresses: ReadonlyMap<string, string>;

  constructor(
    private readonly cluster: RoutingPoolCluster,
    @Inject(COMPLETE_OPTIONS) { primaryUrl, replicas }: CompleteOptions,
  ) {
    this.addresses = new Map([
      [PRIMARY, addressOf(primaryUrl)],
      ...replicas.map(({ url }, index) => [`replica-${index + 1}`, addressOf(url)] as const),
    ]);
  }

  get all(): NodeStatus[] {
    const { primaryPool, replicaNodes } = this.cluster;
    return [
      { ...this.common(PRIMARY), role: 'primary', state: 'primary', lagMs: null, pool: primaryPool.stats },
      ...replicaNodes.map(({ id, pool, health }) => ({
        ...this.common(id),
        role: 'replica' as const,
        state: health.state,
        lagMs: health.lagMs === undefined ? null : Math.round(health.lagMs),
        pool: pool.stats,
      })),
    ];
  }

  private common(node: string) {
    const { share, replicaNodes } = this.cluster;
    const nowMs = performance.now();
    const total = [PRIMARY, ...replicaNodes.map(({ id }) => id)].reduce(
      (sum, id) => sum + share.of(id, nowMs),
      0,
    );
    return {
      node,
      address: this.addresses.get(node) ?? '',
      readShareLastMinute: total === 0 ? null : Number((share.of(node, nowMs) / total).toFixed(3)),
    };
  }
}
