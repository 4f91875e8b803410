import { DEFAULT_CLUSTER } from '../consistency/consistency.scope.js';
import type { CompleteOptions } from '../db-routing.options.js';
import { dialectOf } from '../engine/dialect-of.js';
import { SESSION_SETUP } from '../pool/session-setup.js';
import type { DbRoutingMetrics } from '../routing/db-routing.metrics.js';
import { RoutingPoolCluster, type RoutingPoolClusterOptions } from './routing-pool.cluster.js';

/** Of a connection to the primary, in a process that needs it now and then. */
const READ_ONLY_IDLE_MS = 5_000;
/** The server refuses a write with error 1792, whatever the account may do. */
const REFUSE_WRITES = 'SET SESSION TRANSACTION READ ONLY';

/** The cluster's own options, complete, from those of the module. */
export function clusterOptions(options: CompleteOptions, name = DEFAULT_CLUSTER): RoutingPoolClusterOptions {
  const dialect = dialectOf(options.engine);
  const { connectTimeoutMs, queryTimeoutMs, idleLeaseMs, idleCheckMs, maxLifetimeMs, health } = options;
  const node = {
    ...{ connectTimeoutMs, queryTimeoutMs, idleLeaseMs, idleCheckMs, maxLifetimeMs, dialect },
    maxIdleMs: Infinity,
    mostWaiting: options.mostWaiting,
    // Where no replica has to have a write, its GTID is of no use.
    sessionSetup: [...SESSION_SETUP, ...(isRouted(options, name) ? dialect.sessionSetup : [])],
    dependency: name || undefined,
  };
  return {
    name,
    isRouted: isRouted(options, name),
    primary: {
      ...node,
      connections: options.primaryConnections,
      acquireDeadlineMs: options.primaryDeadlineMs,
      ...(options.readOnly && {
        maxIdleMs: READ_ONLY_IDLE_MS,
        sessionSetup: [...node.sessionSetup, REFUSE_WRITES],
      }),
    },
    replica: {
      ...node,
      connections: options.replicaConnections,
      acquireDeadlineMs: options.replicaDeadlineMs,
    },
    reads: {
      replicaDeadlineMs: options.replicaDeadlineMs,
      deadlineMs: options.primaryDeadlineMs,
      waitMs: options.consistency.waitMs,
      // Without any replica all reads are the primary's own, and there is nothing to keep them from.
      fallbackReads: options.replicas.length > 0 ? options.fallbackReads : Infinity,
      fallbackLine: options.mostWaiting ?? 2 * options.primaryConnections,
      dependency: node.dependency,
    },
    lag: options.lag,
    health,
    weights: options.replicas.map(({ weight }) => weight),
    monitor: options.monitor,
  };
}

/** Whether there is anything to choose, or may be in another process. */
function isRouted({ replicas }: CompleteOptions, name: string): boolean {
  return name === DEFAULT_CLUSTER || replicas.length > 0;
}

export function createCluster(
  options: CompleteOptions,
  metrics: DbRoutingMetrics,
  name?: string,
): RoutingPoolCluster {
  return new RoutingPoolCluster(clusterOptions(options, name), metrics);
}
