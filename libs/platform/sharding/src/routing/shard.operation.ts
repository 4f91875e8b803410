import {
  connectFaultOf,
  connectionFaultOf,
  DatabaseUnavailableError,
  givenUpOf,
  PoolExhaustedError,
  queryTimeoutOf,
  withQueryTimeout,
  WriteOnReadConnectionError,
} from '@fourfold/db-routing';
import type { PoolConnection } from 'mysql2';
import {
  type DataSource,
  QueryFailedError,
  type QueryRunner,
  QueryRunnerAlreadyReleasedError,
} from 'typeorm';
import { ShardUnavailableError } from './shard-unavailable.error.js';

/**
 * The server ends a statement only after its call was cut here: it is for a statement that no caller waits for any
 * more.
 */
const SERVER_GRACE_MS = 100;

/** One read or write of a shard, on one connection at a time, that may be cut off at any moment. */
export class ShardOperation {
  private readonly cutOff = Promise.withResolvers<never>();
  private connection: PoolConnection | undefined;
  private cutBy: ShardUnavailableError | undefined;

  constructor(
    private readonly shard: string,
    private readonly deadlineMs: number,
  ) {}

  /** @throws ShardUnavailableError; every error of `work` that is not about the connection passes through. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const limited = withQueryTimeout(this.deadlineMs + SERVER_GRACE_MS, work);
    return Promise.race([limited, this.cutOff.promise]).catch((error: unknown) => {
      throw this.cutBy ?? this.faultOf(error) ?? error;
    });
  }

  /** Runs `work` on a connection of its own, which its manager does not get another one beside. */
  async on<T>(
    dataSource: DataSource,
    acquire: () => Promise<PoolConnection>,
    work: (runner: QueryRunner) => Promise<T>,
  ): Promise<T> {
    const connection = await acquire();
    const runner = dataSource.createQueryRunner();
    runner.connect = async () => {
      if (runner.isReleased) throw new QueryRunnerAlreadyReleasedError();
      return connection;
    };
    try {
      if (this.cutBy) throw this.cutBy;
      this.connection = connection;
      return await work(runner);
    } finally {
      // The connection's next holder must not be cut off with this one.
      this.connection = undefined;
      await runner.release();
      connection.release();
    }
  }

  /**
   * Rejects at the deadline. The connection is cut, which rolls back and frees what it held once the server is done
   * with the statement in hand: by its limit at the latest, which is a little longer than the deadline and counts from
   * the statement's beginning (MySQL: of a SELECT alone).
   */
  expire(): void {
    this.cutBy ??= this.late();
    this.connection?.destroy();
    this.cutOff.reject(this.cutBy);
  }

  /** Only statements and connections are looked at: `work` may fail to reach something that is no shard. */
  private faultOf(error: unknown): Error | undefined {
    const givenUp = givenUpOf(error);
    if (givenUp) return givenUp;
    if (error instanceof PoolExhaustedError)
      return new ShardUnavailableError(this.shard, 'no connection can be had', error, 'busy');
    if (error instanceof DatabaseUnavailableError) {
      const reason = connectFaultOf(error.cause) ?? 'no connection can be had';
      return new ShardUnavailableError(this.shard, reason, error);
    }
    if (!(error instanceof QueryFailedError)) return undefined;
    if (error.driverError instanceof WriteOnReadConnectionError) return error.driverError;
    if (queryTimeoutOf(error)) return this.late(error);
    const fault = connectionFaultOf(error);
    return fault === undefined ? undefined : new ShardUnavailableError(this.shard, fault, error);
  }

  private late(cause?: unknown): ShardUnavailableError {
    return new ShardUnavailableError(this.shard, `no answer within ${this.deadlineMs} ms`, cause, 'late');
  }
}
