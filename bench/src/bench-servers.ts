import { dbRoutingMigrations } from '@fourfold/db-routing';
import {
  databaseUrl,
  mainDatabase,
  privateTopology,
  removeAbandonedTopologies,
  removeTopology,
  Stack,
  topologyServers,
} from '@fourfold-tools/stack';
import { createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';

const ROWS = 1_000;

export interface BenchServers {
  primaryUrl: string;
  replicaUrls: string[];
  stop(): Promise<void>;
}

/** A primary and two replicas of the bench's own, with `notes` of 1,000 rows on them. */
export async function startServers(repoRoot: string): Promise<BenchServers> {
  await removeAbandonedTopologies(repoRoot);
  const options = await privateTopology(repoRoot);
  const servers = topologyServers(options).filter(({ kind }) => kind === 'primary' || kind === 'replica');
  const stack = new Stack(options, undefined, servers);
  const stop = () => removeTopology(options);
  try {
    await stack.up();
    const replicaUrls = (['replica-1', 'replica-2'] as const).map((name) =>
      databaseUrl(options, name, 'read', mainDatabase),
    );
    await fill(databaseUrl(options, 'primary', 'migrate', mainDatabase), replicaUrls);
    return { primaryUrl: databaseUrl(options, 'primary', 'app', mainDatabase), replicaUrls, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function fill(migrateUrl: string, replicaUrls: readonly string[]): Promise<void> {
  const owner = new DataSource({ type: 'mysql', url: migrateUrl, migrations: dbRoutingMigrations });
  await owner.initialize();
  await owner.runMigrations({ transaction: 'none' });
  await owner.query('CREATE TABLE notes (id BIGINT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(100) NOT NULL)');
  await owner.query('INSERT INTO notes (text) VALUES ?', [
    Array.from({ length: ROWS }, (_, index) => [`note ${index}`]),
  ]);
  const [row] = await owner.query<{ position: string }[]>('SELECT @@gtid_binlog_pos AS position');
  await owner.destroy();
  for (const url of replicaUrls) {
    const replica = await createConnection({ uri: url });
    await replica.query('SELECT MASTER_GTID_WAIT(?, 10)', [row?.position]);
    await replica.end();
  }
}
