import { SESSION_SETUP } from '@fourfold/db-routing';
import mysql, { type Pool, type PoolConnection, type PoolOptions } from 'mysql2';
import { abortConnection } from './abort-connection.js';

/** No connection of a pool came free in time. */
class AcquireTimeout extends Error {
  code = 'ETIMEDOUT';
}

/** Whether it is the pool that is used up: too long a wait, or too many who wait. */
export function isPoolBusy(error: unknown): boolean {
  return error instanceof AcquireTimeout || (error as Error).message === 'Queue limit reached.';
}

type Acquired = (error: NodeJS.ErrnoException | null, connection?: PoolConnection) => void;

/**
 * mysql2 for TypeORM's `driver` option, with what its pool lacks: a deadline on getting a connection (its queue waits
 * for ever), and settings on each new one.
 */
export function shardPoolDriver(acquireTimeoutMs: number): object {
  return {
    ...mysql,
    createPool(options: PoolOptions): Pool {
      const pool = mysql.createPool(options);
      pool.on('connection', prepare);
      limitAcquiring(pool, acquireTimeoutMs);
      return pool;
    },
  };
}

function prepare(connection: PoolConnection): void {
  // mysql2 listens once, to take the connection out of its pool; without a listener a second error ends the process.
  connection.on('error', () => {});
  for (const sql of SESSION_SETUP) {
    connection.query(sql, (error) => {
      if (error) abortConnection(connection, `session could not be set: ${error.message}`);
    });
  }
}

function limitAcquiring(pool: Pool, timeoutMs: number): void {
  const acquire = pool.getConnection.bind(pool) as (done: Acquired) => void;
  pool.getConnection = ((done: Acquired) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      done(new AcquireTimeout(`no connection became free within ${timeoutMs} ms`));
    }, timeoutMs);
    acquire((error, connection) => {
      clearTimeout(timer);
      if (!late) done(error, connection);
      else connection?.release();
    });
  }) as Pool['getConnection'];
}
