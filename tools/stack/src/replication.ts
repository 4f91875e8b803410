import type { Connection, RowDataPacket } from 'mysql2/promise';
import { mainDatabase } from './database-accounts.js';
import type { DatabaseEngine, ReplicationSource } from './database-engine.js';
import { poll } from './poll.js';
import { StackError } from './stack-error.js';

/** What a replica says of its replication, whatever its engine calls the columns. */
export interface ReplicaStatus {
  readonly source: Pick<ReplicationSource, 'host' | 'port' | 'user'>;
  /** `Yes` while the thread runs; the receiver's is `Connecting` while it has no connection. */
  readonly receiver: string;
  readonly applier: string;
  readonly lagSeconds: number | null;
  readonly error: string;
}

/** Points a replica at its primary if it is not yet, and starts replication if it is not running. */
export async function startReplication(
  engine: DatabaseEngine,
  replica: Connection,
  source: ReplicationSource,
): Promise<void> {
  const { host, port, user } = (await replicaStatus(replica))?.source ?? {};
  if (host !== source.host || port !== source.port || user !== source.user) {
    await replica.query('STOP REPLICA');
    await replica.query(engine.follow(source));
  }
  await replica.query('START REPLICA');
}

/**
 * Waits until the replica both receives and applies, and has the main database.
 * @throws StackError with what the server itself says is wrong.
 */
export async function awaitReplication(name: string, replica: Connection, deadlineMs: number): Promise<void> {
  let status: ReplicaStatus | undefined;
  const follows = await poll(
    async () => {
      status = await replicaStatus(replica);
      if (status?.receiver !== 'Yes' || status.applier !== 'Yes') return false;
      const [found] = await replica.query<RowDataPacket[]>('SHOW DATABASES LIKE ?', [mainDatabase]);
      return found.length > 0;
    },
    { deadlineMs },
  );
  if (follows) return;
  throw new StackError(
    `${name} does not follow the primary after ${deadlineMs / 1_000} s (receiving: ${status?.receiver}, ` +
      `applying: ${status?.applier}): ${status?.error || 'the server names no error'}\n` +
      'If its data is beyond repair: npm run stack -- reset',
  );
}

/** Undefined for a server that is no replica. */
export async function replicaStatus(replica: Connection): Promise<ReplicaStatus | undefined> {
  const [[row]] = await replica.query<RowDataPacket[]>('SHOW REPLICA STATUS');
  if (row === undefined) return undefined;
  const [source, own] =
    'Source_Host' in row ? (['Source', 'Replica'] as const) : (['Master', 'Slave'] as const);
  const text = (column: string) => String(row[column]);
  return {
    source: {
      host: text(`${source}_Host`),
      port: Number(text(`${source}_Port`)),
      user: text(`${source}_User`),
    },
    receiver: text(`${own}_IO_Running`),
    applier: text(`${own}_SQL_Running`),
    lagSeconds: row[`Seconds_Behind_${source}`] as number | null,
    error: text('Last_IO_Error') || text('Last_SQL_Error'),
  };
}
