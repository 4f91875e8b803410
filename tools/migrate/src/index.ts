export { migrateAll, migrationStatus, type Report } from './migrate-all.js';
export type { MigrationState } from '@fourfold/sharding/operating';
export { mainMigrations, shardMigrations } from './migrations.js';
