import { connectFaultOf, connectionFaultOf } from '@fourfold/db-routing';
import type { PoolConnection } from 'mysql2';
import { type DataSource, QueryFailedError, type QueryRunner } from 'typeorm';
import { abortConnection } from './abort-connection.js';
import { isPoolBusy } from './shard-pool.driver.js';
import { ShardUnavailableError } from './shard-unavailable.error.js';

/** One read or write of a shard, on one connection, that may be cut off at any moment. */
export class ShardOperation<T> {
  readonly #cutOff = Promise.withResolvers<never>();
  #connection: PoolConnection | undefined;
  #cutBy: ShardUnavailableError | undefined;

  constructor(
    private readonly shard: string,
    private readonly work: (runner: QueryRunner) => Promise<T>,
  ) {}

  /** @throws ShardUnavailableError; every error of `work` that is not about the connection passes through. */
  run(open: () => Promise<DataSource>): Promise<T> {
    return Promise.race([this.#attempt(open), this.#cutOff.promise]);
  }

  /** Rejects with `error` now. The connection is cut, which rolls back and frees what it held. */
  cut(error: ShardUnavailableError): void {
    this.#cutBy ??= error;
    if (this.#connection) abortConnection(this.#connection, error.message);
    this.#cutOff.reject(error);
  }

  async #attempt(open: () => Promise<DataSource>): Promise<T> {
    const runner = (await open()).createQueryRunner();
    try {
      const connection = await this.#acquire(runner);
      if (this.#cutBy) throw this.#cutBy;
      this.#connection = connection;
      return await this.work(runner);
    } catch (error) {
      // Only statements are looked at: `work` may fail to reach something that is no shard.
      const fault = error instanceof QueryFailedError ? connectionFaultOf(error) : undefined;
      throw fault === undefined ? error : new ShardUnavailableError(this.shard, fault, error);
    } finally {
      // Whoever has it next must not be cut off with this one.
      this.#connection = undefined;
      await runner.release();
    }
  }

  async #acquire(runner: QueryRunner): Promise<PoolConnection> {
    try {
      return (await runner.connect()) as PoolConnection;
    } catch (error) {
      const fault = isPoolBusy(error) ? 'busy' : 'connection';
      const reason = connectFaultOf(error) ?? 'no connection can be had';
      throw new ShardUnavailableError(this.shard, reason, error, fault);
    }
  }
}
