import type { PoolConnection, RowDataPacket } from 'mysql2';
import { AppError } from '@fourfold/kernel';
import { DatabaseUnavailableError } from '../errors.js';
import { loopTimeout } from './loop-timeout.js';
import type { NodePool } from './node.pool.js';

export interface Question {
  sql: string;
  values?: unknown[];
  /** For the connection and the answer together. The connection of an answer that is late is broken. */
  withinMs: number;
}

const OWN = { readOnly: false };

/** One statement on one node, outside the routing: probes, trials, positions. */
export function ask(pool: NodePool, { sql, values = [], withinMs }: Question): Promise<RowDataPacket[]> {
  return new Promise((resolve, reject) => {
    let asked: PoolConnection | undefined;
    let late = false;
    const inTime = loopTimeout(() => {
      late = true;
      asked?.destroy();
      reject(new DatabaseUnavailableError(new Error(`${pool.node} did not answer within ${withinMs} ms`)));
    }, withinMs);
    pool.acquire({ lease: OWN, withinMs }, (error, connection) => {
      if (late) {
        connection?.release();
        return;
      }
      if (!connection) {
        inTime();
        reject(error ?? new Error(`${pool.node} gave no connection`));
        return;
      }
      asked = connection;
      connection.query<RowDataPacket[]>(sql, values, (queryError, rows) => {
        inTime();
        connection.release();
        if (queryError) reject(queryError);
        else resolve(rows);
      });
    });
  });
}

/** A server that refuses (too many connections, no access) is there: its errors have a positive number. */
export function isAnswer(error: unknown): boolean {
  const source = error instanceof AppError ? error.cause : error;
  return source instanceof Error && 'errno' in source && Number(source.errno) > 0;
}
