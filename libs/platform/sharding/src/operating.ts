/**
 * `@fourfold/sharding/operating`: access without the sharding key, for migrations, tools and tests. Lint keeps
 * applications and libraries from it: a request goes through `ShardRouter`.
 */
export { fenceShards, migrateShards } from './migrations/migrate-shards.js';
export {
  migrate,
  type MigrationClass,
  type MigrationState,
  migrationStates,
  type MigrationTarget,
} from './migrations/migration-target.js';
export { seedFences } from './migrations/seed-fences.js';
export { ShardRegistry } from './routing/shard.registry.js';
export { MigrationRunner } from './moving/migration.runner.js';
export { TaskStore } from './moving/task.store.js';
