export type { CarriedWrites } from './consistency/carried-writes.js';
export { consistencyState, usePrimary, useReplica, withAffinity } from './consistency/consistency.context.js';
export { ConsistencyInterceptor } from './consistency/consistency.interceptor.js';
export { ReadYourWrites } from './consistency/read-your-writes.js';
export { DbRoutingModule } from './db-routing.module.js';
export {
  consistencyEnv,
  type ConsistencyOptions,
  databaseEnv,
  type DbRoutingExtras,
  type DbRoutingOptions,
  type ReplicaOptions,
} from './db-routing.options.js';
export {
  connectFaultOf,
  connectionFaultOf,
  isConnectionError,
  isReadOnlyServer,
  isDuplicateKey,
  isLockTimeout,
  isMissingTable,
  isRefusedRow,
  isRetryableConflict,
  queryTimeoutOf,
} from './driver-error.js';
export type { Engine } from './engine/replication.dialect.js';
export {
  DatabaseContendedError,
  DatabaseUnavailableError,
  MAIN_DATABASE,
  PoolExhaustedError,
  QueryTimeoutError,
  WriteOnReadConnectionError,
} from './errors.js';
export { DbNodeHealthIndicator } from './health/db-node.health.js';
export { type ReplicaState, replicaStates } from './health/replica-health.js';
export { ForwardMigration } from './migrations/forward.migration.js';
export { NodeMetrics } from './node.metrics.js';
export { loopTimeout } from './pool/loop-timeout.js';
export type { PoolStats } from './pool/pool.options.js';
export { type StatementKind, statementKind } from './pool/statement.kind.js';
export { limitStatements, withQueryTimeout } from './pool/statement.limit.js';
export { beginStatement } from './pool/statement.span.js';
export { type NodeStatus, NodeStatuses } from './routing/node-status.js';
export { RoutingPoolCluster } from './routing/routing-pool.cluster.js';
export { SESSION_SETUP } from './type-orm.options.js';
export { startsWith } from './starts-with.js';
export { inTransaction } from './transaction.js';

import { CreateReplicationHeartbeat1764000000100 } from './migrations/create-heartbeat.migration.js';

/** Migrations of the main cluster that this library needs. */
export const dbRoutingMigrations = [CreateReplicationHeartbeat1764000000100];
