export type { CarriedWrites } from './consistency/carried-writes.js';
export {
  consistencyState,
  type FreshWorkOptions,
  usePrimary,
  useReadIndex,
  useReplica,
  withAffinity,
} from './consistency/consistency.context.js';
export { type ConsistencyHooks, consistencyHooks } from './consistency/consistency.hooks.js';
export { ConsistencyInterceptor } from './consistency/consistency.interceptor.js';
export { ReadYourWrites } from './consistency/read-your-writes.js';
export { createRoutedDataSource, type RoutedDataSource, Routing } from './cluster/routing.js';
export type { NodeSource } from './cluster/type-orm.options.js';
export { DbRoutingModule, getRoutingToken } from './db-routing.module.js';
export { DbRoutingMetrics } from './routing/db-routing.metrics.js';
export { isAnswer } from './pool/ask.js';
export {
  type ConsistencyOptions,
  type CompleteOptions,
  completeOptions,
  type DbRoutingExtras,
  type DbRoutingOptions,
  type ReplicaOptions,
} from './db-routing.options.js';
export { consistencyEnv, databaseEnv, databaseOptionsOf } from './db-routing.env.js';
export {
  connectFaultOf,
  connectionFaultOf,
  givenUpOf,
  isConnectionError,
  isReadOnlyServer,
  isDuplicateKey,
  isLockTimeout,
  isMissingTable,
  isOutOfSpace,
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
export { DbNodeHealthIndicator } from './cluster/db-node.health.js';
export { type ReplicaState, replicaStates } from './health/replica-health.js';
export {
  asStatement,
  GroupCommit,
  type GroupCommitOptions,
  type RunTransaction,
} from './group-commit/group.commit.js';
export { GroupedWork, type GroupLimits } from './group-commit/groups.js';
export { ForwardMigration } from './migrations/forward.migration.js';
export { limitStatements, withQueryTimeout } from './pool/statement.limit.js';
export { type NodeStatus, NodeStatuses } from './cluster/node-status.js';
export { RoutingPoolCluster } from './cluster/routing-pool.cluster.js';
export { type NodeAddress, parseNodeUrl } from './node-url.js';
export { type ExpiringRows, olderThan, RetentionTask } from './retention/retention.task.js';
export { startsWith } from './starts-with.js';
export { onReadConnection } from './read-connection.js';
export { inTransaction, repeatedTransaction } from './transaction.js';

import { CreateReplicationHeartbeat1764000000100 } from './migrations/create-heartbeat.migration.js';

/** Migrations of the main cluster that this library needs. */
export const dbRoutingMigrations = [CreateReplicationHeartbeat1764000000100];
