import type { Connection, RowDataPacket } from 'mysql2/promise';
import { userOf, mainDatabase } from './mariadb-accounts.js';
import { poll } from './poll.js';
import { StackError } from './stack-error.js';
import { host } from './topology-node.js';

export interface ReplicationSource {
  readonly port: number;
  readonly password: string;
}

interface ReplicaStatus {
  readonly Master_Host: string;
  readonly Master_Port: number;
  readonly Master_User: string;
  readonly Slave_IO_Running: string;
  readonly Slave_SQL_Running: string;
  readonly Last_IO_Error: string;
  readonly Last_SQL_Error: string;
}

/** Points a replica at its primary if it is not yet, and starts replication if it is not running. */
export async function startReplication(replica: Connection, source: ReplicationSource): Promise<void> {
  const status = await replicaStatus(replica);
  const user = userOf('repl');
  const current =
    status !== undefined &&
    status.Master_Host === host &&
    status.Master_Port === source.port &&
    status.Master_User === user;
  if (!current) {
    await replica.query('STOP SLAVE');
    await replica.query(
      `CHANGE MASTER TO MASTER_HOST='${host}', MASTER_PORT=${source.port}, MASTER_USER='${user}', ` +
        `MASTER_PASSWORD='${source.password}', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1`,
    );
  }
  await replica.query('START SLAVE');
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
      if (status?.Slave_IO_Running !== 'Yes' || status.Slave_SQL_Running !== 'Yes') return false;
      const [found] = await replica.query<RowDataPacket[]>('SHOW DATABASES LIKE ?', [mainDatabase]);
      return found.length > 0;
    },
    { deadlineMs },
  );
  if (follows) return;
  const problem = status?.Last_IO_Error || status?.Last_SQL_Error || 'the server names no error';
  throw new StackError(
    `${name} does not follow the primary after ${deadlineMs / 1_000} s (receiving: ${status?.Slave_IO_Running}, ` +
      `applying: ${status?.Slave_SQL_Running}): ${problem}\n` +
      'If its data is beyond repair: npm run stack -- reset',
  );
}

async function replicaStatus(replica: Connection): Promise<ReplicaStatus | undefined> {
  const [rows] = await replica.query<(RowDataPacket & ReplicaStatus)[]>('SHOW SLAVE STATUS');
  return rows[0];
}
