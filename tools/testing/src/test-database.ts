import { randomBytes } from 'node:crypto';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { eventually } from './eventually.js';
import type { TestTopology, WriterAddress } from './test-topology.js';

export interface TestDatabase {
  readonly name: string;
  readonly appUrl: string;
  readonly migrateUrl: string;
  readonly rootUrl: string;
  /** The same database on each replica; empty for a shard. */
  readonly readUrls: string[];
  drop(): Promise<void>;
}

export interface TestDatabaseChoice {
  readonly node: 'primary' | `shard-${number}`;
  /** Default `fourfold_t_<random>`; has to begin with `fourfold`, or the accounts may not touch it. */
  readonly name?: string;
}

/** An empty database for one test file, so that files never meet. One on the primary is on its replicas already. */
export async function createDatabase(
  topology: Pick<TestTopology, 'primary' | 'replicas' | 'shards'>,
  choice: TestDatabaseChoice,
): Promise<TestDatabase> {
  const name = choice.name ?? `fourfold_t_${randomBytes(5).toString('hex')}`;
  const server = writerNamed(topology, choice.node);
  const replicas = choice.node === 'primary' ? topology.replicas : [];
  await execute(server.rootUrl, `CREATE DATABASE \`${name}\``);
  await Promise.all(replicas.map((replica) => arrival(replica.rootUrl, name)));
  return {
    name,
    appUrl: withDatabase(server.appUrl, name),
    migrateUrl: withDatabase(server.migrateUrl, name),
    rootUrl: withDatabase(server.rootUrl, name),
    readUrls: replicas.map((replica) => withDatabase(replica.readUrl, name)),
    drop: () => execute(server.rootUrl, `DROP DATABASE IF EXISTS \`${name}\``),
  };
}

/** `url` with another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.toString();
}

function writerNamed(topology: Pick<TestTopology, 'primary' | 'shards'>, node: string): WriterAddress {
  const found = [topology.primary, ...topology.shards].find((server) => server.name === node);
  if (found === undefined) throw new Error(`The test topology has no server "${node}" that takes writes`);
  return found;
}

async function execute(url: string, statement: string): Promise<void> {
  const connection = await createConnection({ uri: url });
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}

async function arrival(url: string, database: string): Promise<void> {
  const connection = await createConnection({ uri: url });
  try {
    await eventually(async () => {
      const [found] = await connection.query<RowDataPacket[]>('SHOW DATABASES LIKE ?', [database]);
      return found.length > 0;
    });
  } finally {
    await connection.end();
  }
}
