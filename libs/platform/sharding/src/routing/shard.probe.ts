import { withDeadline } from '@fourfold/kernel';
import mysql from 'mysql2/promise';
import type { ShardEndpoint } from '../configuration/shard-url.js';

/**
 * Asks a shard for a sign of life, on a connection of its own: a pool that is used up must not be taken for a server
 * that is down. A server that refuses us (access denied, too many connections) is alive, and says so fast by itself.
 * @throws Error when it can't be reached, or has not answered within `deadlineMs`.
 */
export async function probeShard(endpoint: ShardEndpoint, deadlineMs: number): Promise<void> {
  const { username: user, ...address } = endpoint;
  const attempt = mysql.createConnection({ ...address, user, connectTimeout: deadlineMs });
  const connecting = attempt.then(async (connection) => {
    try {
      await connection.query('SELECT 1');
    } finally {
      connection.destroy();
    }
  });
  const late = () => Object.assign(new Error(`no answer within ${deadlineMs} ms`), { code: 'ETIMEDOUT' });
  try {
    await withDeadline(connecting, deadlineMs, late);
  } catch (error) {
    void attempt.then((connection) => connection.destroy()).catch(() => {});
    if (!isAnswer(error)) throw error;
  }
}

/** Errors of the server have a positive number; those of the system a negative one, and ours none. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && Number(error.errno) > 0;
}
