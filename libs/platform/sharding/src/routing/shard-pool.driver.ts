import { SESSION_SETUP } from '@fourfold/db-routing';
import mysql, { type Pool, type PoolConnection, type PoolOptions } from 'mysql2';
import { abortConnection } from './abort-connection.js';
import { type Acquired, type ConnectionLimits, PooledConnections } from './pooled-connections.js';
import type { ShardConnectionOptions } from './shard-connection.options.js';

/** Every connection of a pool was in use for too long. */
class PoolBusy extends Error {
  code = 'ETIMEDOUT';
}

/** Whether it is the pool that is used up: too long a wait, or too many who wait. */
export function isPoolBusy(error: unknown): boolean {
  return error instanceof PoolBusy || (error as Error).message === 'Queue limit reached.';
}

type PoolLimits = Pick<ShardConnectionOptions, 'acquireTimeoutMs'> & ConnectionLimits;

/**
 * mysql2 for TypeORM's `driver` option, with what its pool lacks: a deadline on getting a connection (its queue waits
 * for ever), a look at whether one that was idle is still alive, an end to its life, and settings on each new one.
 */
export function shardPoolDriver({ acquireTimeoutMs, ...limits }: PoolLimits): object {
  return {
    ...mysql,
    createPool(options: PoolOptions): Pool {
      const pool = mysql.createPool(options);
      pool.on('connection', prepare);
      const connections = new PooledConnections(pool, limits);
      const isBusy = () => connections.inUse >= options.connectionLimit!;
      limitAcquiring(pool, connections, { timeoutMs: acquireTimeoutMs, isBusy });
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

interface AcquireLimit {
  timeoutMs: number;
  /** Whether it is callers who have all connections, and not a server that does not answer. */
  isBusy: () => boolean;
}

function limitAcquiring(
  pool: Pool,
  connections: PooledConnections,
  { timeoutMs, isBusy }: AcquireLimit,
): void {
  pool.getConnection = ((done: Acquired) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      done(
        isBusy()
          ? new PoolBusy(`no connection became free within ${timeoutMs} ms`)
          : Object.assign(new Error(`no connection within ${timeoutMs} ms`), { code: 'ETIMEDOUT' }),
      );
    }, timeoutMs);
    connections.acquire((error, connection) => {
      clearTimeout(timer);
      if (!late) done(error, connection);
      else connection?.release();
    });
  }) as Pool['getConnection'];
}
