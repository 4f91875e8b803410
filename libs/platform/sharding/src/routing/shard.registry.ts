import { connectFaultOf, connectionFaultOf } from '@fourfold/db-routing';
import { withDeadline } from '@fourfold/kernel';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { PoolConnection } from 'mysql2';
import { type DataSource, QueryFailedError, type QueryRunner } from 'typeorm';
import { abortConnection } from './abort-connection.js';
import { ShardDataSource } from './shard.data-source.js';
import { defaultShardConnectionOptions, type ShardConnectionOptions } from './shard-connection.options.js';
import { ShardUnavailableError } from './shard-unavailable.error.js';

export interface ShardHealth {
  shard: string;
  up: boolean;
  /** How long the answer took, or the failure. */
  latencyMs: number;
  /** Why it is down; holds no address and no secret. */
  reason?: string;
}

const PING_DEADLINE_MS = 1_000;

/** The shards this process can reach, each with its own pool: one that is down takes nothing from the others. */
export class ShardRegistry implements OnApplicationShutdown {
  readonly #logger = new Logger(ShardRegistry.name);
  readonly #shards: ReadonlyMap<string, ShardDataSource>;
  readonly #options: ShardConnectionOptions;

  /**
   * @param urls mysql:// URL by shard name. No connection is made before it is needed.
   * @throws Error naming the shard whose URL can't be read.
   */
  constructor(urls: Readonly<Record<string, string>>, options: Partial<ShardConnectionOptions> = {}) {
    this.#options = { ...defaultShardConnectionOptions, ...options };
    const open = ([shard, url]: [string, string]): [string, ShardDataSource] => {
      try {
        return [shard, new ShardDataSource(shard, url, this.#options)];
      } catch (error) {
        throw new Error(`The URL of ${shard} ${(error as Error).message}`);
      }
    };
    this.#shards = new Map(Object.entries(urls).map(open));
  }

  get names(): string[] {
    return [...this.#shards.keys()];
  }

  /**
   * The shard's DataSource, opened if need be: for migrations and tools. Requests go through `ShardRouter`, which
   * knows which rows are here and bounds how long they take.
   * @throws ShardUnavailableError
   */
  async dataSource(shard: string): Promise<DataSource> {
    const found = this.#shards.get(shard);
    if (found === undefined) throw new ShardUnavailableError(shard, 'this process has no URL for it');
    return found.open();
  }

  /**
   * Runs `work` on one connection of the shard. When `deadlineMs` (default: the operation timeout) is over the
   * connection is cut, which rolls back and frees what it held.
   * @throws ShardUnavailableError when the shard can't be reached, has no connection free, breaks off, or is late.
   *   Every other error passes through.
   */
  async run<T>(
    shard: string,
    work: (runner: QueryRunner) => Promise<T>,
    deadlineMs = this.#options.operationTimeoutMs,
  ): Promise<T> {
    const late = () => new ShardUnavailableError(shard, `no answer within ${deadlineMs} ms`);
    let abandon = (): void => {};
    let abandoned = false;
    const attempt = async (): Promise<T> => {
      const runner = (await this.dataSource(shard)).createQueryRunner();
      try {
        const connection = await this.#acquire(shard, runner);
        abandon = () => abortConnection(connection, late().message);
        if (abandoned) throw late();
        return await work(runner);
      } catch (error) {
        // Only statements are looked at: `work` may fail to reach something that is no shard.
        const fault = error instanceof QueryFailedError ? connectionFaultOf(error) : undefined;
        throw fault === undefined ? error : new ShardUnavailableError(shard, fault, error);
      } finally {
        await runner.release();
      }
    };
    return withDeadline(attempt(), deadlineMs, () => {
      abandoned = true;
      abandon();
      return late();
    });
  }

  /** Asks every shard for a sign of life, all at once, and answers within about a second. */
  async shardHealth(): Promise<ShardHealth[]> {
    return Promise.all(
      this.names.map(async (shard) => {
        const startedAt = performance.now();
        const health = (up: boolean) => ({ shard, up, latencyMs: Math.round(performance.now() - startedAt) });
        try {
          await this.run(shard, (runner) => runner.query('SELECT 1'), PING_DEADLINE_MS);
          return health(true);
        } catch (error) {
          return { ...health(false), reason: (error as Error).message };
        }
      }),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    const outcomes = await Promise.allSettled([...this.#shards.values()].map((shard) => shard.close()));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') this.#logger.warn(String(outcome.reason));
    }
  }

  async #acquire(shard: string, runner: QueryRunner): Promise<PoolConnection> {
    try {
      return (await runner.connect()) as PoolConnection;
    } catch (error) {
      throw new ShardUnavailableError(shard, connectFaultOf(error) ?? 'no connection can be had', error);
    }
  }
}
