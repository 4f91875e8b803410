import {
  connectFaultOf,
  connectionFaultOf,
  limitStatements,
  type NodeMetrics,
  queryTimeoutOf,
} from '@fourfold/db-routing';
import type { PoolConnection } from 'mysql2';
import { QueryFailedError, type QueryRunner, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { abortConnection } from './abort-connection.js';
import type { OpenShard } from './shard.data-source.js';
import { isPoolBusy, type ShardPool } from './shard-pool.driver.js';
import { ShardUnavailableError } from './shard-unavailable.error.js';

/**
 * The server ends a statement only after its call was cut here: it is for a statement that no caller waits for any
 * more.
 */
const SERVER_GRACE_MS = 100;

/** One read or write of a shard, on one connection, that may be cut off at any moment. */
export class ShardOperation<T> {
  readonly #cutOff = Promise.withResolvers<never>();
  #connection: PoolConnection | undefined;
  #cutBy: ShardUnavailableError | undefined;

  constructor(
    private readonly shard: string,
    private readonly work: (runner: QueryRunner) => Promise<T>,
    private readonly deadlineMs: number,
    private readonly metrics: NodeMetrics,
  ) {}

  /** @throws ShardUnavailableError; every error of `work` that is not about the connection passes through. */
  run(open: () => Promise<OpenShard>): Promise<T> {
    return Promise.race([this.#attempt(open), this.#cutOff.promise]);
  }

  /** It is over: see `cut`. */
  expire(): void {
    this.cut(this.#late());
  }

  /**
   * Rejects with `error` now. The connection is cut, which rolls back and frees what it held once the server is done
   * with the statement in hand: by its limit at the latest, which is a little longer than the deadline and counts from
   * the statement's beginning (MySQL: of a SELECT alone).
   */
  cut(error: ShardUnavailableError): void {
    this.#cutBy ??= error;
    if (this.#connection) abortConnection(this.#connection, error.message);
    this.#cutOff.reject(error);
  }

  async #attempt(open: () => Promise<OpenShard>): Promise<T> {
    const { dataSource, pool } = await open();
    const connection = await this.#acquire(pool);
    const runner = dataSource.createQueryRunner();
    runner.connect = async () => {
      if (runner.isReleased) throw new QueryRunnerAlreadyReleasedError();
      return connection;
    };
    try {
      if (this.#cutBy) throw this.#cutBy;
      this.#connection = connection;
      limitStatements(connection, this.deadlineMs + SERVER_GRACE_MS);
      return await this.work(this.#timed(runner));
    } catch (error) {
      throw this.#faultOf(error) ?? error;
    } finally {
      // The connection's next holder must not be cut off with this one.
      this.#connection = undefined;
      await runner.release();
      connection.release();
    }
  }

  /** Slow statements are counted, and their text goes into the log. */
  #timed(runner: QueryRunner): QueryRunner {
    const query = runner.query.bind(runner) as (sql: string, ...rest: unknown[]) => Promise<never>;
    runner.query = async (sql: string, ...rest: unknown[]) => {
      const startedMs = performance.now();
      try {
        return await query(sql, ...rest);
      } finally {
        this.metrics.answered(this.shard, sql, performance.now() - startedMs);
      }
    };
    return runner;
  }

  /** Only statements are looked at: `work` may fail to reach something that is no shard. */
  #faultOf(error: unknown): ShardUnavailableError | undefined {
    if (!(error instanceof QueryFailedError)) return undefined;
    if (queryTimeoutOf(error)) return this.#late(error);
    const fault = connectionFaultOf(error);
    return fault === undefined ? undefined : new ShardUnavailableError(this.shard, fault, error);
  }

  #late(cause?: unknown): ShardUnavailableError {
    return new ShardUnavailableError(this.shard, `no answer within ${this.deadlineMs} ms`, cause, 'late');
  }

  async #acquire(pool: ShardPool): Promise<PoolConnection> {
    try {
      return await pool.acquire();
    } catch (error) {
      const fault = isPoolBusy(error) ? 'busy' : 'connection';
      const reason = connectFaultOf(error) ?? 'no connection can be had';
      throw new ShardUnavailableError(this.shard, reason, error, fault);
    }
  }
}
