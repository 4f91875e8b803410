import { dbRoutingMigrations, ForwardMigration } from '@fourfold/db-routing';
import { outboxMigrations } from '@fourfold/outbox';
import { queueMigrations } from '@fourfold/queue';
import { shardingMigrations, shardingShardMigrations, TopologyStore } from '@fourfold/sharding';
import { fenceShards, migrate, migrateShards } from '@fourfold/sharding/operating';
import { DataSource, type QueryRunner } from 'typeorm';
import { servers } from './servers.js';

class CreateNotes1764000001000 extends ForwardMigration {
  readonly name = 'CreateNotes1764000001000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'CREATE TABLE notes (id VARCHAR(40) NOT NULL PRIMARY KEY, text VARCHAR(200) NOT NULL)',
    );
  }
}

class CreateVisitors1764000001100 extends ForwardMigration {
  readonly name = 'CreateVisitors1764000001100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE visitors (
        id   BIGINT UNSIGNED NOT NULL PRIMARY KEY,
        name VARCHAR(200) NOT NULL,
        slot SMALLINT UNSIGNED AS (CONV(LEFT(MD5(id), 4), 16, 10) >> 2) STORED,
        KEY visitors_slot (slot, id)
      ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  }
}

/** Tables of the libraries and of this app, and the first topology with its fences. */
export async function createSchema(): Promise<void> {
  const { primaryUrl, shardUrls } = servers.migrate;
  const migrations = [
    ...dbRoutingMigrations,
    ...outboxMigrations,
    ...queueMigrations,
    ...shardingMigrations,
    CreateNotes1764000001000,
  ];
  await migrate({ name: 'main', url: primaryUrl, migrations });
  await migrateShards(shardUrls, [...shardingShardMigrations, CreateVisitors1764000001100]);
  const dataSource = await new DataSource({ type: 'mysql', url: primaryUrl }).initialize();
  const topology = await new TopologyStore(dataSource).initialise(Object.keys(shardUrls));
  await fenceShards(shardUrls, topology);
  await dataSource.destroy();
}
