import type { PoolConnection, PoolOptions, RowDataPacket } from 'mysql2';
import { openConnection, streamOf } from './open-connection.js';

const DEADLINE_MS = 1_000;
/** Looks first: the address may lead to another server by now, where the number is another client's. */
const STILL_RUNS = `
  SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ? AND LEFT(INFO, CHAR_LENGTH(?)) = ?
`;

/**
 * Ends a statement that was given up and that the server may still run, since it limits neither a stream nor a write on
 * MySQL. Uses a connection beside the pool. Does nothing when the server does not answer within a second.
 * @param sql as it was sent, with or without its parameters
 */
export function killStatement(config: PoolOptions, threadId: number, sql: string): void {
  openConnection(config, { timeoutMs: DEADLINE_MS, sessionSetup: [] }, (_error, connection) => {
    if (connection) killBy(connection, threadId, sql);
  });
}

function killBy(connection: PoolConnection, threadId: number, sql: string): void {
  const over = setTimeout(() => streamOf(connection).destroy(), DEADLINE_MS);
  streamOf(connection).once('close', () => clearTimeout(over));
  const [beginning = ''] = sql.split('?', 1);
  connection.query<RowDataPacket[]>(STILL_RUNS, [threadId, beginning, beginning], (_error, rows = []) => {
    if (rows.length > 0) connection.query(`KILL ${threadId}`, () => {});
    connection.end(() => {});
  });
}
