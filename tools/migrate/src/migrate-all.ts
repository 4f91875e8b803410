import { ConfigurationError, parseEnv } from '@fourfold/kernel';
import { databaseEnv } from '@fourfold/db-routing';
import { shardUrlsSchema, TopologyMissingError, TopologyStore } from '@fourfold/sharding';
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
 * @throws naming the database that failed; those before it are done, and running it again goes on from there.
 *   ConfigurationError when the topology names a shard that `SHARD_URLS` does not: then no shard is changed
 */
export async function migrateAll(env: Environment, report: Report): Promise<void> {
  const { main, shards } = targetsOf(env);
  const done = (target: string, ran: readonly string[]) =>
    report(`${target}: ${ran.length === 0 ? 'up to date' : `applied ${ran.join(', ')}`}`);
  done(main.name, await migrate(main));
  await withStore(main.url, (store) => assertNoneMissing(store, shards));
  await migrateShards(shards, shardMigrations, done);
  const topology = await withStore(main.url, (store) => store.initialise(Object.keys(shards)));
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

/** A shard that was added to a running platform has its URL for applications in a file, and here none. */
async function assertNoneMissing(store: TopologyStore, shards: Record<string, string>): Promise<void> {
  const topology = await store.current().catch((error: unknown) => {
    if (error instanceof TopologyMissingError) return undefined;
    throw error;
  });
  const missing = (topology?.shards ?? []).map(({ name }) => name).filter((name) => !(name in shards));
  if (missing.length === 0) return;
  const problem = `SHARD_URLS: no URL for ${missing.join(', ')}, which topology epoch ${topology?.epoch} names`;
  throw new ConfigurationError('migrate', [problem]);
}

async function withStore<T>(url: string, work: (store: TopologyStore) => Promise<T>): Promise<T> {
  const dataSource = await new DataSource({ type: 'mysql', url }).initialize();
  try {
    return await work(new TopologyStore(dataSource));
  } finally {
    await dataSource.destroy();
  }
}
