import type { PoolOptions } from 'mysql2';
import { consistencyState } from '../consistency/consistency.context.js';
import { PositionWaiter } from '../consistency/position.waiter.js';
import type { DbRoutingMetrics } from '../db-routing.metrics.js';
import { type LagThresholds, ReplicaHealth } from '../health/replica-health.js';
import { ReplicaProbe } from '../health/replica.probe.js';
import type { ConnectionCallback } from '../pool/lease.js';
import { NodePool } from '../pool/node.pool.js';
import type { NodePoolOptions, PoolObserver } from '../pool/pool.options.js';
import { whereabouts } from '../pool/whereabouts.js';
import { PRIMARY, ReadRouter, type ReadRouterOptions, type RoutedNodes } from './read.router.js';
import { ReplicaNode } from './replica.node.js';
import { RouteShare } from './route-share.js';

export interface RoutingPoolClusterOptions {
  primary: NodePoolOptions;
  replica: NodePoolOptions;
  reads: ReadRouterOptions;
  lag: LagThresholds;
  slowStartMs: number;
  probeTimeoutMs: number;
  /** The replicas' shares beside each other, in their order; 1 where there is none. */
  weights: readonly number[];
  /** An account that may see the state of replication (MariaDB: REPLICA MONITOR; MySQL: REPLICATION CLIENT). */
  monitor?: { user: string; password: string } | undefined;
}

/** The primary's connections, the one that heartbeats use, and the one that asks whether it is there at all. */
export interface PrimaryPools {
  pool: NodePool;
  probes: NodePool;
  watch: NodePool;
}

/**
 * Stands where mysql2's `PoolCluster` would behind TypeORM: the same three members, our own choice of node. mysql2's
 * removes a node for good after five failures, the primary too, and never falls back (see docs/decisions/0002).
 */
export class RoutingPoolCluster implements RoutedNodes {
  readonly share = new RouteShare();
  readonly router: ReadRouter;
  /** Called when a replica behaves as if it were worth a probe. */
  onSuspicion: (replica: ReplicaNode) => void = () => {};
  /** The same of the primary. */
  onPrimarySuspicion: () => void = () => {};
  private primaryNode: PrimaryPools | undefined;
  private nodes: ReplicaNode[] = [];

  constructor(
    private readonly options: RoutingPoolClusterOptions,
    private readonly metrics: DbRoutingMetrics,
    random: () => number = Math.random,
  ) {
    this.router = new ReadRouter(this, options.reads, metrics, this.share, random);
  }

  get replicaNodes(): readonly ReplicaNode[] {
    return this.nodes;
  }

  get primaryPool(): NodePool {
    return this.primary.pool;
  }

  get primary(): PrimaryPools {
    if (!this.primaryNode)
      throw new Error('The routing pool cluster has no primary: TypeORM has not connected yet');
    return this.primaryNode;
  }

  get pools(): NodePool[] {
    return [...(this.primaryNode ? [this.primaryNode.pool] : []), ...this.nodes.map(({ pool }) => pool)];
  }

  /** TypeORM names the nodes `MASTER`, `SLAVE0`, `SLAVE1`, …, and adds them all again when it tries again to connect. */
  add(id: string, config: PoolOptions): void {
    if (id === 'MASTER') {
      const previous = this.primaryNode;
      this.primaryNode = this.primaryOf(config);
      for (const pool of Object.values(previous ?? {}) as NodePool[]) pool.end(() => {});
      return;
    }
    const index = Number(/^SLAVE(\d+)$/.exec(id)?.[1]);
    const replica = this.replica(`replica-${index + 1}`, config, this.options.weights[index] ?? 1);
    const previous = this.nodes.find((node) => node.id === replica.id);
    this.nodes = [...this.nodes.filter((node) => node !== previous), replica];
    void previous?.end();
  }

  /** @param pattern `MASTER` to write, `SLAVE*` to read */
  getConnection(pattern: string, callback: ConnectionCallback): void {
    if (pattern !== 'MASTER') {
      this.router.read(callback);
      return;
    }
    this.metrics.routed(PRIMARY, 'write');
    const { scope } = consistencyState();
    const lease = { readOnly: false, listener: scope, reason: 'write', takenAt: whereabouts() };
    const { acquireDeadlineMs } = this.options.primary;
    const withinMs = scope?.waitMs(acquireDeadlineMs) ?? acquireDeadlineMs;
    this.primaryPool.acquire({ lease, withinMs }, (error, connection) => {
      // What is read for a write is read where it is written.
      if (!error) this.router.reachedPrimary();
      callback(error, connection);
    });
  }

  /** No connection to the primary from before is used again: its address may lead to another server by now. */
  leavePrimary(): void {
    for (const pool of Object.values(this.primary) as NodePool[]) pool.retire({ abort: false });
  }

  end(callback: (error: Error | null) => void): void {
    const ending = [
      ...(Object.values(this.primaryNode ?? {}) as NodePool[]).map(
        (pool) => new Promise((ended) => pool.end(ended)),
      ),
      ...this.nodes.map((replica) => replica.end()),
    ];
    void Promise.all(ending).then(() => callback(null));
  }

  /** What a heartbeat finds out about the primary holds for its pool as well, and the other way round. */
  private primaryOf(config: PoolOptions): PrimaryPools {
    const { primary: options } = this.options;
    const dropOf = (other: () => NodePool) => ({ demoted: () => other().retire({ abort: false }) });
    const suspicious = () => this.onPrimarySuspicion();
    const pool: NodePool = this.pool(PRIMARY, config, options, { suspicious, ...dropOf(() => probes) });
    const probes: NodePool = this.single(
      PRIMARY,
      config,
      options,
      dropOf(() => pool),
    );
    return { pool, probes, watch: this.single(PRIMARY, config, options) };
  }

  private replica(id: string, config: PoolOptions, weight: number): ReplicaNode {
    const { replica: options, monitor, lag, slowStartMs, probeTimeoutMs } = this.options;
    const { dialect } = options;
    const single = (changes: PoolOptions = {}) => this.single(id, { ...config, ...changes }, options);
    // The account that may look at replication need not see any database.
    const status = monitor && single({ ...monitor, database: '' });
    const node: ReplicaNode = new ReplicaNode(id, weight, {
      pool: this.pool(id, config, options, { suspicious: () => this.onSuspicion(node) }),
      health: new ReplicaHealth(lag, slowStartMs),
      probe: new ReplicaProbe({ data: single(), status }, dialect, probeTimeoutMs),
      positions: new PositionWaiter(single(), dialect),
    });
    return node;
  }

  private pool(id: string, config: PoolOptions, options: NodePoolOptions, also: PoolObserver): NodePool {
    const observer: PoolObserver = {
      refused: (code) => this.metrics.acquireFailed(id, code),
      acquired: (waitedMs) => this.metrics.acquireSeconds.observe({ node: id }, waitedMs / 1_000),
      answered: (sql, durationMs) => this.metrics.answered(id, sql, durationMs),
      reclaimed: (lease) => {
        // From here on it is worth what it costs.
        if (lease.readOnly) this.router.notesCallers = true;
        this.metrics.reclaimed(id, lease);
      },
      ...also,
    };
    return new NodePool(id, config, options, observer);
  }

  /** One connection beside the pool, which opens when it is first used. */
  private single(
    id: string,
    config: PoolOptions,
    options: NodePoolOptions,
    observer: PoolObserver = {},
  ): NodePool {
    return new NodePool(id, config, { ...options, connections: 1 }, observer);
  }
}
