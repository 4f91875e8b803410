import { createDatabase, type TestDatabase, type TestTopology, topology } from '@fourfold-tools/testing';
import { DataSource } from 'typeorm';
import { shardingMigrations } from '../migrations/sharding-migrations.js';

/** Databases that a test may have: those of the whole run, or of servers of its own. */
export type DatabaseServers = Pick<TestTopology, 'primary' | 'replicas' | 'shards'>;

/** A database of one test file on a real server; the file drops it. */
export function freshDatabase(
  node: 'primary' | `shard-${number}`,
  servers: DatabaseServers = topology(),
): Promise<TestDatabase> {
  return createDatabase(servers, { node });
}

/** The main cluster after `npm run migrate`, with rights to arrange the test; open until the test closes it. */
export async function openMain(database: TestDatabase): Promise<DataSource> {
  const main = new DataSource({
    type: 'mysql',
    url: database.rootUrl,
    migrations: [...shardingMigrations],
    poolSize: 20,
    timezone: 'Z',
  });
  await main.initialize();
  await main.runMigrations();
  return main;
}
