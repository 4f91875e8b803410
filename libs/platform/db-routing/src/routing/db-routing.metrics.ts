import {
  cellCounter,
  counter,
  type CounterCell,
  gauge,
  histogram,
  startAtZero,
} from '@fourfold/observability/metrics';
import { Logger } from '@nestjs/common';
import { ejectionReasons, replicaStates } from '../health/replica-health.js';
import type { PoolStats, Reclaimed } from '../pool/pool.options.js';
import { callersOf } from '../pool/whereabouts.js';
import type { ReplicaNode } from './replica.node.js';
import { replicaReasons, routeReasons } from './route.policy.js';

/** Codes of the errors with which a pool gives no connection. */
const ACQUIRE_FAILURES = ['database-busy', 'database-unavailable'];

export const SLOW_QUERY_MS = 1_000;
const LOGGED_SQL_LENGTH = 500;

/** The state that the gauges read at each scrape, for each cluster in this process. */
export interface MetricsSource {
  readonly pools: readonly { readonly node: string; readonly stats: PoolStats }[];
  readonly replicaNodes: readonly ReplicaNode[];
  /** Whether `db_route_total` counts its choices. */
  readonly isRouted: boolean;
}

const sources = new Set<MetricsSource>();

const nodeGauge = (name: string, help: string, read: (stats: PoolStats) => number) =>
  gauge({
    name,
    help,
    labelNames: ['node'],
    collect() {
      this.reset();
      for (const { pools } of sources) for (const { node, stats } of pools) this.inc({ node }, read(stats));
    },
  });

/** Metrics of the nodes of all clusters: the main one, named ones and shards. */
export class DbRoutingMetrics {
  private readonly logger = new Logger('SlowQuery');

  readonly slowQueries = counter({
    name: 'db_slow_queries_total',
    help: 'Queries that took more than 1 s',
    labelNames: ['node'],
  });

  readonly slowQuerySeconds = histogram({
    name: 'db_slow_query_seconds',
    help: 'How long queries of more than 1 s took',
    labelNames: ['node'],
    buckets: [1, 2, 5, 10, 30],
  });

  readonly poolUsed = nodeGauge(
    'db_pool_used_connections',
    'Connections handed out and not yet returned',
    ({ used }) => used,
  );

  readonly poolIdle = nodeGauge(
    'db_pool_idle_connections',
    'Open connections that no caller uses',
    ({ idle }) => idle,
  );

  readonly poolPending = nodeGauge(
    'db_pool_pending_requests',
    'Callers waiting for a connection',
    ({ pending }) => pending,
  );

  readonly poolSize = nodeGauge(
    'db_pool_size_connections',
    'Connections a pool may hold',
    ({ size }) => size,
  );

  private readonly connectionLogger = new Logger('ReclaimedConnection');

  private readonly routeCells = new Map<string, Map<string, CounterCell>>();

  readonly routes = cellCounter({
    name: 'db_route_total',
    help: 'Connections asked for, by node and by why it was chosen',
    labelNames: ['target', 'reason'],
  });

  readonly repeatedReads = counter({
    name: 'db_repeated_reads_total',
    help: 'Reads that were run again elsewhere because their connection to the node broke',
    labelNames: ['node'],
  });

  readonly acquireSeconds = histogram({
    name: 'db_acquire_seconds',
    help: 'How long callers who had to wait for a connection waited for the one they got; db_route_total counts all',
    labelNames: ['node'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2],
  });

  readonly acquireFailures = counter({
    name: 'db_acquire_failures_total',
    help: 'Callers who got no connection from a node, by the code of the error; some of them got one from another',
    labelNames: ['node', 'code'],
  });

  readonly positionWait = histogram({
    name: 'db_gtid_wait_seconds',
    help: 'How long reads waited for a replica to have what they have to see, by whether one had in time',
    labelNames: ['outcome'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25],
  });

  readonly readIndexSeconds = histogram({
    name: 'db_read_index_seconds',
    help: 'How long the primary took to say where it is, once for all reads that waited for it, by whether it did',
    labelNames: ['outcome'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
  });

  readonly tokens = counter({
    name: 'db_consistency_tokens_total',
    help: 'Consistency tokens that came with requests; those that are not valid were ignored',
    labelNames: ['outcome'],
  });

  readonly ejections = counter({
    name: 'db_replica_ejections_total',
    help: 'How often a replica left the rotation, and why',
    labelNames: ['node', 'reason'],
  });

  readonly heartbeatFailures = counter({
    name: 'db_heartbeat_failures_total',
    help: 'Heartbeats that the primary did not take in time; other processes may have been luckier',
  });

  readonly reclaimedConnections = counter({
    name: 'db_reclaimed_connections_total',
    help: 'Connections that were taken back from holders who had not used them for a minute',
    labelNames: ['node'],
  });

  readonly replicaLag = gauge({
    name: 'db_replica_lag_seconds',
    help: 'How far a replica is behind, by the heartbeat row; one that does not answer has no value',
    labelNames: ['node'],
    collect() {
      this.reset();
      for (const { id, health } of allReplicas())
        if (health.currentLagMs !== undefined) this.set({ node: id }, health.currentLagMs / 1_000);
    },
  });

  readonly replicaState = gauge({
    name: 'db_replica_state',
    help: '1 for the state that a replica is in, 0 for the others',
    labelNames: ['node', 'state'],
    collect() {
      this.reset();
      for (const { id, health } of allReplicas())
        for (const state of replicaStates) this.set({ node: id, state }, health.state === state ? 1 : 0);
    },
  });

  readonly replicaInRotation = gauge({
    name: 'db_replica_in_rotation',
    help: '1 while reads are routed to the replica',
    labelNames: ['node'],
    collect() {
      this.reset();
      for (const { id, inRotation } of allReplicas()) this.set({ node: id }, inRotation ? 1 : 0);
    },
  });

  constructor() {
    startAtZero(this.tokens, { outcome: ['valid', 'expired', 'invalid'] });
    startAtZero(this.positionWait, { outcome: ['reached', 'timeout'] });
    startAtZero(this.readIndexSeconds, { outcome: ['answered', 'unanswered'] });
  }

  routed(target: string, reason: string): void {
    let byReason = this.routeCells.get(target);
    if (!byReason) this.routeCells.set(target, (byReason = new Map<string, CounterCell>()));
    let cell = byReason.get(reason);
    if (!cell) byReason.set(reason, (cell = this.routes.cell({ target, reason })));
    cell.value += 1;
  }

  /** To be called for every statement. A slow one's text is logged, and is never a label; its parameters are not logged. */
  answered(node: string, sql: string, durationMs: number): void {
    if (durationMs <= SLOW_QUERY_MS) return;
    this.slowQueries.inc({ node });
    this.slowQuerySeconds.observe({ node }, durationMs / 1_000);
    this.logger.warn(
      { node, durationMs: Math.round(durationMs), sql: shortened(sql) },
      `A query on ${node} took over 1 s`,
    );
  }

  /** @param code of an error, such as `database-busy` */
  acquireFailed(node: string, code: string): void {
    this.acquireFailures.inc({ node, code });
  }

  reclaimed(node: string, { idleMs, inTransaction, lastSql, takenAt }: Reclaimed): void {
    this.reclaimedConnections.inc({ node });
    const detail = {
      node,
      idleMs: Math.round(idleMs),
      inTransaction,
      sql: shortened(lastSql),
      takenAt: takenAt ? callersOf(takenAt) : 'not known; noted for reads from now on',
    };
    this.connectionLogger.warn(
      detail,
      `A connection to ${node} was not used by its holder, and is taken back`,
    );
  }

  watch(source: MetricsSource): void {
    sources.add(source);
    const node = source.pools.map((pool) => pool.node);
    const replica = source.replicaNodes.map(({ id }) => id);
    const primary = node.filter((one) => !replica.includes(one));
    const primaryReasons = routeReasons.filter((reason) => !replicaReasons.includes(reason));
    if (source.isRouted) {
      startAtZero(this.routes, { target: primary, reason: primaryReasons });
      startAtZero(this.routes, { target: replica, reason: replicaReasons });
    }
    startAtZero(this.acquireFailures, { node, code: ACQUIRE_FAILURES });
    startAtZero(this.ejections, { node: replica, reason: ejectionReasons });
    for (const counted of [this.repeatedReads, this.reclaimedConnections, this.slowQueries])
      startAtZero(counted, { node });
    for (const timed of [this.acquireSeconds, this.slowQuerySeconds]) startAtZero(timed, { node });
  }

  unwatch(source: MetricsSource): void {
    sources.delete(source);
  }
}

function allReplicas(): ReplicaNode[] {
  return [...sources].flatMap(({ replicaNodes }) => [...replicaNodes]);
}

function shortened(sql: string): string {
  return sql.length > LOGGED_SQL_LENGTH ? `${sql.slice(0, LOGGED_SQL_LENGTH)}…` : sql;
}
