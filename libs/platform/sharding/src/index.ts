export { InvalidCursorError } from '@fourfold/kernel';
export { ForeignShardKeyError, type KeyedRow, type KeyedWhere, type ShardKeyOf } from './access/key-scope.js';
export { type KeyedQuery, KeyedRows, KeyedTransaction } from './access/keyed-rows.js';
export { type KeyedPageQuery, KeyedRepository } from './access/keyed.repository.js';
export type { Page, PageOrder } from './access/keyset/keyset-query.js';
export { ManyKeys, type ManyKeysQuery } from './access/many-keys.js';
export { ownedSlots } from './access/owned-slots.js';
export type { GroupedInsertOptions } from './access/grouped.insert.js';
export { type ScatterOptions, type ScatterResult, ShardRouter } from './access/shard.router.js';
export {
  type PageQuery,
  type ScatteredRows,
  type ScatterQuery,
  ShardedRepository,
} from './access/sharded.repository.js';
export { shardSecrets, shardUrlsSchema } from './sharding.env.js';
export { type HotKey, HotKeys, type HotKeysOptions } from './hot-keys/hot-keys.js';
export { InMemoryWorkerIdLease } from './ids/in-memory-worker-id.lease.js';
export { SnowflakeIds, type SnowflakeOptions } from './ids/snowflake-ids.js';
export { composeSnowflake, parseSnowflake, type SnowflakeParts } from './ids/snowflake-layout.js';
export { SqlWorkerIdLease } from './ids/sql-worker-id.lease.js';
export { type HeldWorkerId, IdLeaseLostError, type WorkerIdLease } from './ids/worker-id.lease.js';
export { shardingMigrations, shardingShardMigrations } from './migrations/sharding-migrations.js';
export { createWithSlot } from './migrations/slot-column.js';
export {
  type MigrationDetail,
  type MigrationRequest,
  migrationRequestSchema,
  type PlannedMigration,
  ShardMigrations,
} from './moving/shard-migrations.js';
export type { MigrationOptions } from './moving/migration.options.js';
export type { MigrationView, StepProgress } from './moving/migration-progress.js';
export { MIGRATION_STATES } from './moving/migration-state.js';
export {
  MIGRATION_KINDS,
  MigrationNotFoundError,
  MigrationRunningError,
  MigrationStateError,
  WANTED,
} from './moving/task.store.js';
export { InvalidMigrationError } from './moving/typed-tables.js';
export { type ShardsView, ShardOverview, type ShardView } from './overview/shard-overview.js';
export { ShardPlanner } from './overview/shard.planner.js';
export { type ShardRowEstimate, ShardRows } from './overview/shard-rows.js';
export { HashRing, type Location } from './ring/hash-ring.js';
export type { PlanReport, ShardReport } from './ring/planning/plan-report.js';
export {
  InvalidRingChangeError,
  type PlanRequest,
  planRequestSchema,
  type RingChange,
} from './ring/planning/ring-change.js';
export type { RingPlan, SlotMove } from './ring/planning/ring-plan.js';
export { InvalidShardKeyError, SLOT_COUNT, slotOf, type SlotRange } from './ring/slot.js';
export {
  evenTopology,
  InvalidTopologyError,
  parseTopology,
  type Topology,
  type UrlReference,
} from './ring/topology.js';
export { RoutingCache, type RoutingCacheOptions } from './routing/routing-cache.js';
export type { ShardConnectionOptions, ShardEntry } from './routing/shard-connection.options.js';
export { type ShardFault, ShardUnavailableError } from './routing/shard-unavailable.error.js';
export type { BreakerState } from './routing/shard.breaker.js';
export type { ShardHealth } from './routing/shard.registry.js';
export { ShardStatuses } from './overview/shard.statuses.js';
export { InvalidShardQueryError } from './sharded-entities.js';
export { ShardingModule } from './sharding.module.js';
export type { ShardingModuleOptions } from './sharding.options.js';
export { SlotOf } from './slot-of.js';
export type { SqlExecutor } from './sql-executor.js';
export { CurrentTopology, TOPOLOGY_TRUST_MS } from './topology/current-topology.js';
export { SharedTopology } from './topology/shared-topology.js';
export type { TopologyRedisOptions } from './topology/topology.copy.js';
export { StaleTopologyError, TopologyMissingError, TopologyStore } from './topology/topology.store.js';
