import { parseEnv } from '@fourfold/kernel';
import { databaseEnv } from '@fourfold/db-routing';
import { shardUrlsSchema, TopologyStore } from '@fourfold/sharding';
import {
  fenceShards,
  migrate,
  migrateShards,
  migrationStates,
  type MigrationState,
  type MigrationTarget,
} from '@fourfold/sharding/operating';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { mainMigrations, shardMigrations } from './migrations.js';

const migrationEnv = z.object({ DB_PRIMARY_URL: databaseEnv.DB_PRIMARY_URL, SHARD_URLS: shardUrlsSchema });

export type Report = (line: string) => void;
type Environment = Record<string, string | undefined>;

function targetsOf(env: Environment): { main: MigrationTarget; shards: Record<string, string> } {
  const { DB_PRIMARY_URL, SHARD_URLS } = parseEnv('migrate', migrationEnv, env);
  return { main: { name: 'main', url: DB_PRIMARY_URL, migrations: mainMigrations }, shards: SHARD_URLS };
}

/**
 * Brings the main cluster and every shard up to date, and writes the first topology and the first fences. Reads `DB_PRIMARY_URL` and
 * `SHARD_URLS`, whose account must be allowed to change the schema.
 * @throws naming the database that failed; those before it are done, and running it again goes on from there
 */
export async function migrateAll(env: Environment, report: Report): Promise<void> {
  const { main, shards } = targetsOf(env);
  const done = (target: string, ran: readonly string[]) =>
    report(`${target}: ${ran.length === 0 ? 'up to date' : `applied ${ran.join(', ')}`}`);
  done(main.name, await migrate(main));
  await migrateShards(shards, shardMigrations, done);
  const topology = await firstTopology(main.url, Object.keys(shards));
  await fenceShards(shards, topology);
  report(`topology: epoch ${topology.epoch}, shards ${topology.shards.map(({ name }) => name).join(', ')}`);
}

export async function migrationStatus(env: Environment): Promise<MigrationState[]> {
  const { main, shards } = targetsOf(env);
  const states: MigrationState[] = [];
  const targets = Object.entries(shards).map(([name, url]) => ({ name, url, migrations: shardMigrations }));
  for (const target of [main, ...targets]) states.push(...(await migrationStates(target)));
  return states;
}

async function firstTopology(url: string, shardNames: string[]) {
  const dataSource = await new DataSource({ type: 'mysql', url }).initialize();
  try {
    return await new TopologyStore(dataSource).initialise(shardNames);
  } finally {
    await dataSource.destroy();
  }
}
