import type { MigrationInterface } from 'typeorm';
import { CreateSharding1732300000001 } from './create-sharding.migration.js';

type MigrationClass = new () => MigrationInterface;

/** For the main cluster: add them to the `migrations` of its DataSource. The shards need none of this library's. */
export const shardingMigrations: readonly MigrationClass[] = [CreateSharding1732300000001];
