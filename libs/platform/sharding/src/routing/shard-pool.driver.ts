import { loopTimeout, type PoolStats, SESSION_SETUP } from '@fourfold/db-routing';
import mysql, { type Pool, type PoolConnection, type PoolOptions } from 'mysql2';
import { InvalidShardQueryError } from '../access/access.errors.js';
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
 * The connections of one shard: mysql2 for TypeORM's `driver` option, with what its pool lacks: a deadline on getting a
 * connection (its queue waits for ever), a look at whether one that was idle is still alive, an end to its life, and
 * settings on each new one.
 *
 * States: open (TypeORM takes connections as it connects) → sealed (`acquire` alone gives one).
 */
export class ShardPool {
  readonly driver: object = { ...mysql, createPool: (options: PoolOptions) => this.#create(options) };
  #pool!: Pool;
  #take!: (done: Acquired) => void;
  #connections: PooledConnections | undefined;
  #pending = 0;

  constructor(
    private readonly shard: string,
    private readonly limits: PoolLimits,
  ) {}

  get stats(): Omit<PoolStats, 'size'> {
    const { inUse: used = 0, idle = 0 } = this.#connections ?? {};
    return { used, idle, pending: this.#pending };
  }

  /** @throws Error of the driver, or one for which `isPoolBusy` holds. */
  acquire(): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      this.#pending++;
      this.#take((error, connection) => {
        this.#pending--;
        if (connection) resolve(connection);
        else reject(error!);
      });
    });
  }

  /**
   * From here on TypeORM is refused: every manager shows its DataSource, and a connection taken by that would be past
   * the deadline, the breaker and the guard of reads.
   */
  seal(): void {
    const refusal = `A connection of ${this.shard} is given by ShardRouter alone: use the manager of its callback`;
    this.#pool.getConnection = ((done: Acquired) => done(new InvalidShardQueryError(refusal))) as never;
  }

  #create(options: PoolOptions): Pool {
    const pool = mysql.createPool(options);
    pool.on('connection', prepare);
    const connections = new PooledConnections(pool, this.limits);
    const isBusy = () => connections.inUse >= options.connectionLimit!;
    const limit = { timeoutMs: this.limits.acquireTimeoutMs, isBusy };
    this.#take = (done) => acquireWithin(limit, connections, done);
    pool.getConnection = this.#take as Pool['getConnection'];
    this.#pool = pool;
    this.#connections = connections;
    return pool;
  }
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

function acquireWithin(
  { timeoutMs, isBusy }: AcquireLimit,
  connections: PooledConnections,
  done: Acquired,
): void {
  let late = false;
  const inTime = loopTimeout(() => {
    late = true;
    done(
      isBusy()
        ? new PoolBusy(`no connection became free within ${timeoutMs} ms`)
        : Object.assign(new Error(`no connection within ${timeoutMs} ms`), { code: 'ETIMEDOUT' }),
    );
  }, timeoutMs);
  connections.acquire((error, connection) => {
    inTime();
    if (!late) done(error, connection);
    else connection?.release();
  });
}
