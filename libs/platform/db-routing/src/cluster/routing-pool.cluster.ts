import { currentBudget } from '@fourfold/observability/request-context';
import type { PoolOptions } from 'mysql2';
import { type ConsistencyState, consistencyState } from '../consistency/consistency.context.js';
import { type ClusterScope, DEFAULT_CLUSTER } from '../consistency/consistency.scope.js';
import { PositionWaiter } from '../consistency/position.waiter.js';
import { primaryPosition } from '../consistency/primary-position.js';
import { ReadIndex } from '../consistency/read-index.js';
import type { DbRoutingMetrics } from '../routing/db-routing.metrics.js';
import type { HealthOptions, LagOptions } from '../db-routing.options.js';
import { ReplicaHealth } from '../health/replica-health.js';
import { ReplicaProbe } from '../health/replica.probe.js';
import type { ConnectionCallback } from '../pool/lease.js';
import { NodePool } from '../pool/node.pool.js';
import { ask, isAnswer } from '../pool/ask.js';
import type { NodePoolOptions, PoolObserver, PoolStats } from '../pool/pool.options.js';
import { whereabouts } from '../pool/whereabouts.js';
import { PRIMARY, ReadRouter, type ReadRouterOptions, type RoutedNodes } from '../routing/read.router.js';
import { ReplicaNode } from '../routing/replica.node.js';
import type { RouteReason } from '../routing/route.policy.js';
import { RouteShare } from '../routing/route-share.js';

export interface RoutingPoolClusterOptions {
  /** Of the cluster; the application's default one has none. Its nodes are called `<name>` and `<name>-replica-1`. */
  name: string;
  /** Whether its choices are counted, and its writes noted for later reads. */
  isRouted: boolean;
  primary: NodePoolOptions;
  replica: NodePoolOptions;
  reads: ReadRouterOptions;
  lag: LagOptions;
  health: HealthOptions;
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
  readonly readIndex: ReadIndex;
  /** Called when a replica behaves as if it were worth a probe. */
  onSuspicion: (replica: ReplicaNode) => void = () => {};
  /** The same of the primary. */
  onPrimarySuspicion: () => void = () => {};
  /** Called before the pools are closed: what asks them of its own accord is to stop. */
  onEnding: () => void = () => {};
  private primaryNode: PrimaryPools | undefined;
  private nodes: ReplicaNode[] = [];

  constructor(
    private readonly options: RoutingPoolClusterOptions,
    private readonly metrics: DbRoutingMetrics,
    random: () => number = Math.random,
  ) {
    this.router = new ReadRouter(this, options.reads, metrics, this.share, random);
    this.readIndex = new ReadIndex(() => this.askPosition());
  }

  get isRouted(): boolean {
    return this.options.isRouted;
  }

  get primaryName(): string {
    return this.options.name || PRIMARY;
  }

  routed(node: string, reason: RouteReason): void {
    if (this.isRouted) this.metrics.routed(node, reason);
  }

  /** Without replicas there is nothing that a write would have to be told to. */
  scopeOf({ scope }: ConsistencyState): ClusterScope | undefined {
    return this.isRouted ? scope?.of(this.options.name, this.options.primary.dialect) : undefined;
  }

  async indexedPosition(state: ConsistencyState): Promise<string> {
    const committed = await (state.indexed?.positionOf(this.readIndex) ?? this.readIndex.position());
    // A token may be of a primary that had more.
    return this.options.primary.dialect.merge(committed, this.scopeOf(state)?.freshness.position ?? '');
  }

  /** The steps of a request share the time for connections of the default cluster. */
  waitMs({ scope }: ConsistencyState, deadlineMs: number): number {
    return (this.options.name === DEFAULT_CLUSTER && scope?.waitMs(deadlineMs)) || deadlineMs;
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

  /** Before TypeORM has connected, what they will be. */
  get pools(): readonly { readonly node: string; readonly stats: PoolStats }[] {
    if (this.primaryNode) return [this.primaryNode.pool, ...this.nodes.map(({ pool }) => pool)];
    const unused = (node: string, { connections: size }: NodePoolOptions) => ({
      node,
      stats: { size, used: 0, idle: 0, pending: 0 },
    });
    const { primary, replica } = this.options;
    return [unused(this.primaryName, primary), ...this.replicaNames.map((id) => unused(id, replica))];
  }

  private get replicaNames(): string[] {
    const { name, weights } = this.options;
    return weights.map((_, index) => `${name && `${name}-`}replica-${index + 1}`);
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
    const replica = this.replica(this.replicaNames[index] ?? id, config, this.options.weights[index] ?? 1);
    const previous = this.nodes.find((node) => node.id === replica.id);
    this.nodes = [...this.nodes.filter((node) => node !== previous), replica];
    void previous?.end();
  }

  /** @throws Error unless the primary answers, be it that it refuses: a server that does is there. */
  async askPrimary(withinMs: number): Promise<void> {
    try {
      await ask(this.primary.watch, { sql: 'SELECT 1', withinMs });
    } catch (error) {
      if (!isAnswer(error)) throw error;
    }
  }

  /**
   * @param pattern `MASTER` to write, `SLAVE*` to read
   * @param purpose for traces, in place of the reason of the route
   */
  getConnection(pattern: string, callback: ConnectionCallback, purpose = 'write'): void {
    if (pattern !== 'MASTER') {
      this.router.read(callback, purpose === 'write' ? undefined : purpose);
      return;
    }
    this.routed(this.primaryName, 'write');
    const state = consistencyState();
    const listener = this.scopeOf(state);
    const budget = currentBudget();
    const lease = { readOnly: false, listener, budget, reason: purpose, takenAt: whereabouts() };
    const withinMs = this.waitMs(state, this.options.primary.acquireDeadlineMs);
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
    this.onEnding();
    const ending = [
      ...(Object.values(this.primaryNode ?? {}) as NodePool[]).map(
        (pool) => new Promise((ended) => pool.end(ended)),
      ),
      ...this.nodes.map((replica) => replica.end()),
    ];
    void Promise.all(ending).then(() => callback(null));
  }

  private async askPosition(): Promise<string> {
    const ended = this.metrics.readIndexSeconds.startTimer();
    try {
      const position = await primaryPosition(this.primaryPool, this.options.primary.dialect);
      ended({ outcome: 'answered' });
      return position;
    } catch (error) {
      ended({ outcome: 'unanswered' });
      throw error;
    }
  }

  /** What a heartbeat finds out about the primary holds for its pool as well, and the other way round. */
  private primaryOf(config: PoolOptions): PrimaryPools {
    const { primary: options } = this.options;
    const dropOf = (other: () => NodePool) => ({ demoted: () => other().retire({ abort: false }) });
    const suspicious = () => this.onPrimarySuspicion();
    const name = this.primaryName;
    const observer = dropOf(() => pool);
    const pool: NodePool = this.pool(name, config, options, { suspicious, ...dropOf(() => probes) });
    const probes: NodePool = this.single(name, config, options, observer);
    return { pool, probes, watch: this.single(name, config, options) };
  }

  private replica(id: string, config: PoolOptions, weight: number): ReplicaNode {
    const { replica: options, monitor, lag, health } = this.options;
    const { dialect } = options;
    const single = (changes: PoolOptions = {}) => this.single(id, { ...config, ...changes }, options);
    // The account that may look at replication need not see any database.
    const status = monitor && single({ ...monitor, database: '' });
    const node: ReplicaNode = new ReplicaNode(id, weight, {
      pool: this.pool(id, config, options, { suspicious: () => this.onSuspicion(node) }),
      health: new ReplicaHealth(lag, health),
      probe: new ReplicaProbe({ data: single(), status }, dialect, health.probeTimeoutMs),
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
