import {
  cellCounter,
  counter,
  type CounterCell,
  gauge,
  histogram,
  startAtZero,
} from '@fourfold/observability/metrics';
import { Logger } from '@nestjs/common';
import { ejectionReasons, replicaStates } from './health/replica-health.js';
import { NodeMetrics, type PoolSource, shortened } from './node.metrics.js';
import type { Reclaimed } from './pool/pool.options.js';
import { callersOf } from './pool/whereabouts.js';
import type { ReplicaNode } from './routing/replica.node.js';
import { replicaReasons, routeReasons } from './routing/route.policy.js';

/** Codes of the errors with which a pool gives no connection. */
const ACQUIRE_FAILURES = ['database-busy', 'database-unavailable'];

/** What is looked at when Prometheus asks, of each cluster in this process. */
export interface MetricsSource extends PoolSource {
  readonly replicaNodes: readonly ReplicaNode[];
}

const sources = new Set<MetricsSource>();

export class DbRoutingMetrics extends NodeMetrics {
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
    help: 'How long reads waited for a replica to have what their caller wrote, by whether one had in time',
    labelNames: ['outcome'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25],
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
    super();
    startAtZero(this.tokens, { outcome: ['valid', 'expired', 'invalid'] });
    startAtZero(this.positionWait, { outcome: ['reached', 'timeout'] });
  }

  routed(target: string, reason: string): void {
    let byReason = this.routeCells.get(target);
    if (!byReason) this.routeCells.set(target, (byReason = new Map<string, CounterCell>()));
    let cell = byReason.get(reason);
    if (!cell) byReason.set(reason, (cell = this.routes.cell({ target, reason })));
    cell.value += 1;
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

  override watch(source: MetricsSource): void {
    super.watch(source);
    sources.add(source);
    const node = source.pools.map((pool) => pool.node);
    const replica = source.replicaNodes.map(({ id }) => id);
    const primary = node.filter((one) => !replica.includes(one));
    const primaryReasons = routeReasons.filter((reason) => !replicaReasons.includes(reason));
    startAtZero(this.routes, { target: primary, reason: primaryReasons });
    startAtZero(this.routes, { target: replica, reason: replicaReasons });
    startAtZero(this.acquireFailures, { node, code: ACQUIRE_FAILURES });
    startAtZero(this.ejections, { node: replica, reason: ejectionReasons });
    for (const counted of [this.repeatedReads, this.reclaimedConnections]) startAtZero(counted, { node });
    startAtZero(this.acquireSeconds, { node });
    for (const one of node) this.startAtZero(one);
  }

  override unwatch(source: MetricsSource): void {
    super.unwatch(source);
    sources.delete(source);
  }
}

function allReplicas(): ReplicaNode[] {
  return [...sources].flatMap(({ replicaNodes }) => [...replicaNodes]);
}
