export { migrateAll, migrationStatus, type Report } from './migrate-all.js';
export type { MigrationState } from './migration.target.js';
export { mainMigrations, shardMigrations } from './migrations.js';
