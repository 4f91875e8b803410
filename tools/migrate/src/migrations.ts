import { dbRoutingMigrations } from '@fourfold/db-routing';
import { outboxMigrations } from '@fourfold/outbox';
import { queueMigrations } from '@fourfold/queue';
import { shardingMigrations, shardingShardMigrations } from '@fourfold/sharding';
import type { MigrationClass } from '@fourfold/sharding/operating';
import { analyticsMigrations } from '@shop/analytics';
import { auditMigrations } from '@shop/audit';
import { catalogMigrations } from '@shop/catalog';
import { notificationsMigrations } from '@shop/notifications';
import { ordersMigrations, ordersShardMigrations } from '@shop/orders';
import { recommendationsMigrations } from '@shop/recommendations';
import { reportsMigrations } from '@shop/reports';
import { usersMigrations, usersShardMigrations } from '@shop/users';

/** Run in the order of the timestamps in their names. */
export const mainMigrations: readonly MigrationClass[] = [
  ...dbRoutingMigrations,
  ...outboxMigrations,
  ...queueMigrations,
  ...shardingMigrations,
  ...catalogMigrations,
  ...ordersMigrations,
  ...notificationsMigrations,
  ...recommendationsMigrations,
  ...reportsMigrations,
  ...analyticsMigrations,
  ...auditMigrations,
  ...usersMigrations,
];

export const shardMigrations: readonly MigrationClass[] = [
  // A shard may get replicas later, whose lag is measured by its row.
  ...dbRoutingMigrations,
  ...shardingShardMigrations,
  ...usersShardMigrations,
  ...ordersShardMigrations,
];
