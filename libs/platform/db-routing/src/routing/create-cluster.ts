import type { CompleteOptions } from '../db-routing.options.js';
import type { DbRoutingMetrics } from '../db-routing.metrics.js';
import { dialectOf } from '../engine/dialect-of.js';
import { MONITOR_DEFAULTS } from '../health/replica-health.monitor.js';
import { LAG_THRESHOLDS, SLOW_START_MS } from '../health/replica-health.js';
import { SESSION_SETUP } from '../type-orm.options.js';
import { RoutingPoolCluster, type RoutingPoolClusterOptions } from './routing-pool.cluster.js';

const CONNECT_TIMEOUT_MS = 1_000;
const PRIMARY_ACQUIRE_DEADLINE_MS = 2_000;
const REPLICA_ACQUIRE_DEADLINE_MS = 1_000;
/** The server's own patience with a client that does not read on (`net_write_timeout`). */
const IDLE_LEASE_MS = 60_000;
const IDLE_CHECK_MS = 15_000;
/** An address that leads elsewhere by now (DNS, a balancer) is followed within it at the latest. */
const MAX_LIFETIME_MS = 300_000;
/** Of a connection to the primary, in a process that needs it now and then. */
const READ_ONLY_IDLE_MS = 5_000;
/** The server refuses a write with error 1792, whatever the account may do. */
const REFUSE_WRITES = 'SET SESSION TRANSACTION READ ONLY';
const DEFAULT_WAIT_MS = 150;

/** The cluster's own options, complete, from those of the module. */
export function clusterOptions(options: CompleteOptions): RoutingPoolClusterOptions {
  const dialect = dialectOf(options.engine);
  const node = {
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    queryTimeoutMs: options.queryTimeoutMs,
    idleLeaseMs: IDLE_LEASE_MS,
    idleCheckMs: IDLE_CHECK_MS,
    maxLifetimeMs: MAX_LIFETIME_MS,
    maxIdleMs: Infinity,
    sessionSetup: [...SESSION_SETUP, ...dialect.sessionSetup],
    dialect,
  };
  return {
    primary: {
      ...node,
      connections: options.primaryConnections,
      acquireDeadlineMs: PRIMARY_ACQUIRE_DEADLINE_MS,
      ...(options.readOnly && {
        maxIdleMs: READ_ONLY_IDLE_MS,
        sessionSetup: [...node.sessionSetup, REFUSE_WRITES],
      }),
    },
    replica: {
      ...node,
      connections: options.replicaConnections,
      acquireDeadlineMs: REPLICA_ACQUIRE_DEADLINE_MS,
    },
    reads: {
      replicaDeadlineMs: REPLICA_ACQUIRE_DEADLINE_MS,
      deadlineMs: PRIMARY_ACQUIRE_DEADLINE_MS,
      waitMs: options.consistency.waitMs ?? DEFAULT_WAIT_MS,
      // Without any replica all reads are the primary's own, and there is nothing to keep them from.
      fallbackReads: options.replicas.length > 0 ? options.fallbackReads : options.primaryConnections,
      fallbackLine: 2 * options.primaryConnections,
    },
    lag: LAG_THRESHOLDS,
    slowStartMs: SLOW_START_MS,
    probeTimeoutMs: MONITOR_DEFAULTS.probeTimeoutMs,
    weights: options.replicas.map(({ weight }) => weight),
    monitor: options.monitor,
  };
}

export function createCluster(options: CompleteOptions, metrics: DbRoutingMetrics): RoutingPoolCluster {
  return new RoutingPoolCluster(clusterOptions(options), metrics);
}
