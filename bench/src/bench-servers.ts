import { dbRoutingMigrations } from '@fourfold/db-routing';
import { outboxMigrations } from '@fourfold/outbox';
import {
  databaseUrl,
  host,
  mainDatabase,
  privateTopology,
  removeAbandonedTopologies,
  removeTopology,
  type ServerNode,
  Stack,
  type StackOptions,
  topologyServers,
} from '@fourfold-tools/stack';
import { createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';

const ROWS = 1_000;

/** Servers of the bench's own, up and filled. */
export interface OwnServers {
  /** Takes them down and removes their data. */
  stop: () => Promise<void>;
}

export interface BenchServers extends OwnServers {
  primaryUrl: string;
  /** The same, with an account that may make tables. */
  migrateUrl: string;
  replicaUrls: string[];
}

export interface BenchQueueServers extends OwnServers {
  databaseUrl: string;
  redisUrl: string;
}

export interface BenchRedis extends OwnServers {
  redisUrl: string;
}

/** A primary and two replicas, with `notes` of 1,000 rows on them. */
export function startServers(repoRoot: string): Promise<BenchServers> {
  return startOwn(repoRoot, ['primary', 'replica'], async (options) => {
    const replicaUrls = (['replica-1', 'replica-2'] as const).map((name) =>
      databaseUrl(options, name, 'read', mainDatabase),
    );
    const migrateUrl = databaseUrl(options, 'primary', 'migrate', mainDatabase);
    await fill(migrateUrl, replicaUrls);
    return { migrateUrl, primaryUrl: databaseUrl(options, 'primary', 'app', mainDatabase), replicaUrls };
  });
}

/** The cache Redis as the platform sets it up, empty. */
export function startRedis(repoRoot: string): Promise<BenchRedis> {
  return startOwn(repoRoot, ['redis-cache'], async ({ ports }) => ({
    redisUrl: `redis://${host}:${ports['redis-cache']}`,
  }));
}

/** A primary with an outbox, and the queue Redis as the platform sets it up. */
export function startQueueServers(repoRoot: string): Promise<BenchQueueServers> {
  return startOwn(repoRoot, ['primary', 'redis-queue'], async (options) => {
    const url = databaseUrl(options, 'primary', 'migrate', mainDatabase);
    const migrations = [...dbRoutingMigrations, ...outboxMigrations];
    const owner = new DataSource({ type: 'mysql', url, migrations });
    await owner.initialize();
    await owner.runMigrations({ transaction: 'none' });
    await owner.destroy();
    return {
      databaseUrl: databaseUrl(options, 'primary', 'app', mainDatabase),
      redisUrl: `redis://${host}:${options.ports['redis-queue']}`,
    };
  });
}

export async function startOwn<T>(
  repoRoot: string,
  kinds: readonly ServerNode['kind'][],
  ready: (options: StackOptions) => Promise<T>,
): Promise<T & OwnServers> {
  await removeAbandonedTopologies(repoRoot);
  const options = await privateTopology(repoRoot);
  const servers = topologyServers(options).filter(({ kind }) => kinds.includes(kind));
  const stop = () => removeTopology(options);
  try {
    await new Stack(options, undefined, servers).up();
    return { ...(await ready(options)), stop };
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
