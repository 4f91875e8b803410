import { createPool, type Pool, type PoolConnection, type PoolOptions } from 'mysql2';
import { isConnectionError } from './driver-error.js';
import { DatabaseUnavailableError, PoolExhaustedError } from './errors.js';

export type ConnectionCallback = (error: Error | null, connection?: PoolConnection) => void;

export interface NodePoolOptions {
  connections: number;
  /** Covers queueing and connecting. */
  acquireDeadlineMs: number;
  connectTimeoutMs: number;
  /** Statements sent once on each new connection, before anything else uses it. */
  sessionSetup: readonly string[];
}

/** One node's connections, each handed out within a deadline and counted while it is out. */
export class NodePool {
  private readonly pool: Pool;
  private readonly out = new Set<PoolConnection>();

  constructor(
    readonly node: string,
    config: PoolOptions,
    private readonly options: NodePoolOptions,
  ) {
    this.pool = createPool({
      ...config,
      connectionLimit: options.connections,
      queueLimit: 2 * options.connections,
      connectTimeout: options.connectTimeoutMs,
      enableKeepAlive: true,
    });
    this.pool.on('connection', (connection) => this.prepare(connection));
    this.pool.on('release', (connection) => this.out.delete(connection));
  }

  /** Connections handed out and not yet returned. */
  get outstanding(): number {
    return this.out.size;
  }

  get size(): number {
    return this.options.connections;
  }

  /** Calls back once, with a connection or an error; a connection that comes after the deadline is put back. */
  acquire(callback: ConnectionCallback): void {
    const { acquireDeadlineMs } = this.options;
    let settled = false;
    const timer = setTimeout(() => {
      settled = true;
      callback(new PoolExhaustedError(this.node, acquireDeadlineMs));
    }, acquireDeadlineMs);
    this.pool.getConnection((error, connection) => {
      clearTimeout(timer);
      if (settled) {
        if (!error) connection.release();
        return;
      }
      settled = true;
      if (error) {
        callback(this.explain(error));
        return;
      }
      this.out.add(connection);
      callback(null, connection);
    });
  }

  end(callback: (error: Error | null) => void): void {
    this.pool.end((error) => callback(error));
  }

  private prepare(connection: PoolConnection): void {
    for (const statement of this.options.sessionSetup) {
      // Without a callback the driver throws a failure into nowhere, which ends the process.
      connection.query(statement, (error) => {
        if (error) connection.destroy();
      });
    }
    // A destroyed connection emits no `release`.
    const destroy = connection.destroy.bind(connection);
    connection.destroy = () => {
      this.out.delete(connection);
      destroy();
    };
    // Not `once`: mysql2 may report a second error on a broken connection, and one that nobody hears ends the process.
    connection.on('error', () => this.out.delete(connection));
    connection.once('end', () => this.out.delete(connection));
  }

  private explain(error: Error): Error {
    if (error.message === 'Queue limit reached.') {
      return new PoolExhaustedError(this.node, this.options.acquireDeadlineMs, error);
    }
    return isConnectionError(error) ? new DatabaseUnavailableError(error) : error;
  }
}
