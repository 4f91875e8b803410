export { primaryOnly, usePrimary } from './consistency.context.js';
export { DbRoutingModule } from './db-routing.module.js';
export { databaseEnv, type DbRoutingOptions } from './db-routing.options.js';
export {
  connectFaultOf,
  connectionFaultOf,
  isConnectionError,
  isDuplicateKey,
  isLockTimeout,
  isMissingTable,
  isRetryableConflict,
} from './driver-error.js';
export { DatabaseContendedError, DatabaseUnavailableError, PoolExhaustedError } from './errors.js';
export { ForwardMigration } from './migrations/forward.migration.js';
export { ReplicaHealthMonitor } from './replica-health.monitor.js';
export { LAG_THRESHOLDS, type LagThresholds, ReplicaHealth } from './replica-health.js';
export { chooseRoute, type RouteDecision, type RouteReason, type RouteTarget } from './route.policy.js';
export { RoutingPoolCluster } from './routing-pool.cluster.js';
export { SESSION_SETUP } from './type-orm.options.js';
export { inTransaction } from './transaction.js';

import { CreateReplicationHeartbeat1764000000100 } from './migrations/create-heartbeat.migration.js';

/** Migrations of the main cluster that this library needs. */
export const dbRoutingMigrations = [CreateReplicationHeartbeat1764000000100];
