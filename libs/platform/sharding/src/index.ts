export { InvalidCursorError } from '@fourfold/kernel';
export { ForeignShardKeyError, InvalidShardQueryError } from './access/access.errors.js';
export type { KeyedRow, KeyedWhere, ShardKeyOf } from './access/key.scope.js';
export { type KeyedPageQuery, KeyedRepository } from './access/keyed.repository.js';
export { type KeyedQuery, KeyedRows, KeyedTransaction } from './access/keyed.rows.js';
export type { Page, PageOrder } from './access/keyset/keyset.query.js';
export { ManyKeys, type ManyKeysQuery } from './access/many.keys.js';
export {
  type PageQuery,
  type ScatteredRows,
  type ScatterQuery,
  ShardedRepository,
} from './access/sharded.repository.js';
export { shardUrlsSchema } from './configuration/shard-urls.schema.js';
export { type HotKey, HotKeys, type HotKeysOptions } from './hot-keys/hot-keys.js';
export { IdLeaseLostError } from './ids/id-lease-lost.error.js';
export { InMemoryWorkerIdLease } from './ids/in-memory-worker-id.lease.js';
export { SnowflakeIds, type SnowflakeOptions } from './ids/snowflake.ids.js';
export { composeSnowflake, parseSnowflake, type SnowflakeParts } from './ids/snowflake.layout.js';
export { SqlWorkerIdLease } from './ids/sql-worker-id.lease.js';
export type { HeldWorkerId, WorkerIdLease } from './ids/worker-id.lease.js';
export { shardingMigrations } from './migrations/sharding-migrations.js';
export { HashRing, type Location } from './ring/hash-ring.js';
export { type ShardsView, ShardOverview, type ShardView } from './overview/shard.overview.js';
export { ShardPlanner } from './overview/shard.planner.js';
export {
  InvalidRingChangeError,
  type PlanRequest,
  planRequestSchema,
  type RingChange,
  ringChangeSchema,
} from './ring/planning/ring-change.js';
export type { PlanReport, ShardReport } from './ring/planning/plan-report.js';
export type { RingPlan, SlotMove } from './ring/planning/ring-plan.js';
export { SLOT_COUNT, slotOf } from './ring/slot.js';
export {
  type HashId,
  InvalidShardKeyError,
  InvalidSlotHashError,
  registerSlotHash,
  type SlotHash,
} from './ring/slot-hash.js';
export { RoutingCache, type RoutingCacheOptions } from './routing/routing-cache.js';
export type { ShardConnectionOptions } from './routing/shard-connection.options.js';
export { type ShardFault, ShardUnavailableError } from './routing/shard-unavailable.error.js';
export type { BreakerState } from './routing/shard.breaker.js';
export type { QueryScope } from './routing/shard.metrics.js';
export type { ShardHealth } from './routing/shard.registry.js';
export { type ScatterOptions, type ScatterResult, ShardRouter } from './routing/shard.router.js';
export { ShardStatuses } from './routing/shard.statuses.js';
export { balanceRatio } from './rows/shard-balance.js';
export { type ShardRowEstimate, ShardRows } from './rows/shard.rows.js';
export { ShardingModule } from './sharding.module.js';
export type { ShardingModuleOptions } from './sharding.module-definition.js';
export type { SqlExecutor } from './sql/sql-executor.js';
export { CurrentTopology } from './topology/current-topology.js';
export { evenTopology, type EvenTopologyOptions } from './topology/even-topology.js';
export { parseTopology, type Topology } from './topology/topology.document.js';
export type { TopologyRedisOptions } from './topology/topology.copy.js';
export {
  InvalidTopologyError,
  StaleTopologyError,
  TopologyMissingError,
} from './topology/topology.errors.js';
export { TopologyPublisher } from './topology/topology.publisher.js';
export { TopologyStore } from './topology/topology.store.js';
