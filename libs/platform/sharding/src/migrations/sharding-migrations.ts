import { CreateSharding1732300000001 } from './create-sharding.migration.js';
import type { MigrationClass } from './migration-target.js';

/** For the main cluster: add them to the `migrations` of its DataSource. The shards need none of this library's. */
export const shardingMigrations: readonly MigrationClass[] = [CreateSharding1732300000001];
