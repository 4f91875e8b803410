import type { PoolOptions } from 'mysql2';
import { primaryOnly } from './consistency.context.js';
import type { DbRoutingMetrics } from './db-routing.metrics.js';
import { DatabaseUnavailableError } from './errors.js';
import { type ConnectionCallback, NodePool, type NodePoolOptions } from './node.pool.js';
import { type LagThresholds, ReplicaHealth } from './replica-health.js';
import { chooseRoute, PRIMARY, type ReplicaSnapshot, type RouteTarget } from './route.policy.js';

export interface RoutingPoolClusterOptions {
  primary: NodePoolOptions;
  replica: NodePoolOptions;
  /** Default 5 s and 2 s. */
  lag?: LagThresholds;
}

export interface RoutedNode {
  pool: NodePool;
  /** One connection for health probes alone: a pool that is merely busy must not look like a server that is down. */
  probes: NodePool;
}

export interface ReplicaNode extends RoutedNode {
  health: ReplicaHealth;
}

/**
 * Stands where mysql2's `PoolCluster` would behind TypeORM: the same three members, our own choice of node. mysql2's
 * removes a node for good after five failures, the primary too, and never falls back (see docs/decisions/0002).
 */
export class RoutingPoolCluster {
  private primaryNode: RoutedNode | undefined;
  private readonly byId = new Map<string, ReplicaNode>();

  constructor(
    private readonly options: RoutingPoolClusterOptions,
    private readonly metrics: DbRoutingMetrics,
    private readonly random: () => number = Math.random,
  ) {}

  get replicas(): ReadonlyMap<string, ReplicaNode> {
    return this.byId;
  }

  get primary(): RoutedNode {
    if (!this.primaryNode)
      throw new Error('The routing pool cluster has no primary: TypeORM has not connected yet');
    return this.primaryNode;
  }

  /** TypeORM names the nodes `MASTER`, `SLAVE0`, `SLAVE1`, …, and adds them all again when it tries again to connect. */
  add(id: string, config: PoolOptions): void {
    if (id === 'MASTER') {
      if (this.primaryNode) discard(this.primaryNode);
      this.primaryNode = routedNode(PRIMARY, config, this.options.primary);
      return;
    }
    const node = id.replace(/^SLAVE(\d+)$/, (_all, index: string) => `replica-${Number(index) + 1}`);
    const previous = this.byId.get(node);
    if (previous) discard(previous);
    this.byId.set(node, {
      ...routedNode(node, config, this.options.replica),
      health: new ReplicaHealth(this.options.lag),
    });
  }

  /** @param pattern `MASTER` to write, `SLAVE*` to read */
  getConnection(pattern: string, callback: ConnectionCallback): void {
    this.route(pattern === 'MASTER' ? 'write' : 'read', primaryOnly(), this.snapshot(), callback);
  }

  end(callback: (error: Error | null) => void): void {
    const pools = [this.primary, ...this.byId.values()].flatMap(({ pool, probes }) => [pool, probes]);
    let open = pools.length;
    let firstError: Error | null = null;
    for (const pool of pools) {
      pool.end((error) => {
        firstError ??= error;
        open -= 1;
        if (open === 0) callback(firstError);
      });
    }
  }

  /** A replica that can't be reached costs the read a detour, not an error: nothing has been sent to it yet. */
  private route(
    target: RouteTarget,
    mustBeCurrent: boolean,
    replicas: readonly ReplicaSnapshot[],
    callback: ConnectionCallback,
  ): void {
    const { node, reason } = chooseRoute(target, mustBeCurrent, replicas, this.random);
    this.metrics.routes.inc({ target: node, reason });
    const replica = this.byId.get(node);
    if (!replica) {
      this.primary.pool.acquire(callback);
      return;
    }
    replica.pool.acquire((error, connection) => {
      if (!(error instanceof DatabaseUnavailableError)) callback(error, connection);
      else
        this.route(
          target,
          mustBeCurrent,
          replicas.filter(({ id }) => id !== node),
          callback,
        );
    });
  }

  private snapshot(): ReplicaSnapshot[] {
    return [...this.byId].map(([id, { pool, health }]) => ({
      id,
      inRotation: health.inRotation,
      outstanding: pool.outstanding,
    }));
  }
}

function routedNode(node: string, config: PoolOptions, options: NodePoolOptions): RoutedNode {
  return {
    pool: new NodePool(node, config, options),
    probes: new NodePool(node, config, { ...options, connections: 1 }),
  };
}

function discard({ pool, probes }: RoutedNode): void {
  pool.end(() => {});
  probes.end(() => {});
}
