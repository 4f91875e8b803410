import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  databaseUrl,
  freePorts,
  mainDatabase,
  portNames,
  type PortName,
  Stack,
  type StackOptions,
  topologyServers,
} from '@fourfold-tools/stack';
import { createConnection, type RowDataPacket } from 'mysql2/promise';

const ROWS = 1_000;

export interface BenchServers {
  primaryUrl: string;
  replicaUrls: string[];
  stop(): Promise<void>;
}

/** A primary and two replicas of the bench's own, with `notes` of 1,000 rows on them. */
export async function startServers(repoRoot: string): Promise<BenchServers> {
  const stateDir = mkdtempSync(join(tmpdir(), 'fourfold-bench-'));
  const free = await freePorts(portNames.length);
  const ports = Object.fromEntries(portNames.map((name, index) => [name, free[index]])) as Record<
    PortName,
    number
  >;
  const options: StackOptions = { repoRoot, stateDir, ports, prometheus: false };
  const servers = topologyServers(options).filter(({ kind }) => kind === 'primary' || kind === 'replica');
  const stack = new Stack(options, undefined, servers);
  const stop = async () => {
    await stack.down();
    rmSync(stateDir, { recursive: true, force: true });
  };
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
  const connection = await createConnection({ uri: migrateUrl });
  await connection.query(
    'CREATE TABLE notes (id BIGINT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(100) NOT NULL)',
  );
  await connection.query(
    'CREATE TABLE replication_heartbeat (id TINYINT UNSIGNED NOT NULL PRIMARY KEY, written_at DATETIME(3) NOT NULL)',
  );
  await connection.query('INSERT INTO notes (text) VALUES ?', [
    Array.from({ length: ROWS }, (_, index) => [`note ${index}`]),
  ]);
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT @@gtid_binlog_pos AS position');
  await connection.end();
  for (const url of replicaUrls) {
    const replica = await createConnection({ uri: url });
    await replica.query('SELECT MASTER_GTID_WAIT(?, 10)', [row?.['position']]);
    await replica.end();
  }
}
