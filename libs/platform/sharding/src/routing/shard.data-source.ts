import { connectFaultOf, type PoolStats } from '@fourfold/db-routing';
import { withDeadline } from '@fourfold/kernel';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { ShardEndpoint } from '../configuration/shard-url.js';
import { ShardPool } from './shard-pool.driver.js';
import { ShardUnavailableError } from './shard-unavailable.error.js';
import type { ShardConnectionOptions } from './shard-connection.options.js';

/** So many callers may wait for a connection; beyond, they would only wait for their deadline. */
const QUEUE_LIMIT = 1_024;
/** A firewall must not take a connection for unused; without a word of ours TCP says nothing for two hours. */
const KEEP_ALIVE_MS = 10_000;
const CLOSE_DEADLINE_MS = 5_000;
/** Between two attempts to find another server where one has refused writes. */
const DEMOTION_INTERVAL_MS = 500;

/** The entities, and the connections, which the DataSource has no way to any more. */
export interface OpenShard {
  readonly dataSource: DataSource;
  readonly pool: ShardPool;
}

/**
 * The TypeORM DataSource of one shard.
 *
 * States: closed → opening (at first use, one attempt shared by all callers) → open, or closed again when the shard
 * does not answer, so that the next use tries anew → ended (for good). Once open it stays so through an outage: the
 * pool drops broken connections and makes new ones.
 */
export class ShardDataSource {
  #opening: Promise<OpenShard> | undefined;
  #ended = false;
  #retiredMs = -Infinity;
  #pool: ShardPool | undefined;

  constructor(
    readonly shard: string,
    private readonly endpoint: ShardEndpoint,
    private readonly options: ShardConnectionOptions,
  ) {}

  get stats(): PoolStats {
    const { used, idle, pending } = this.#pool?.stats ?? { used: 0, idle: 0, pending: 0 };
    return { size: this.#poolSize, used, idle, pending };
  }

  get #poolSize(): number {
    return this.options.poolSizes[this.shard] ?? this.options.poolSize;
  }

  /** @throws ShardUnavailableError within twice the connect deadline. */
  async open(): Promise<OpenShard> {
    if (this.#ended) {
      throw new ShardUnavailableError(this.shard, 'this process gives it up', undefined, 'unknown');
    }
    this.#opening ??= this.#connect();
    const opening = this.#opening;
    try {
      return await opening;
    } catch (error) {
      if (this.#opening === opening) this.#opening = undefined;
      const fault = connectFaultOf(error);
      throw fault === undefined ? error : new ShardUnavailableError(this.shard, fault, error);
    }
  }

  /**
   * The shard's server refused a write, for it is no primary any more: connections from before are not used again.
   * @param sinceMs when the call began that was refused, by `performance.now()`
   * @returns whether it may find a better server now
   */
  demoted(sinceMs: number): boolean {
    if (sinceMs < this.#retiredMs) return true;
    if (performance.now() - this.#retiredMs < DEMOTION_INTERVAL_MS) return false;
    this.#retiredMs = performance.now();
    return true;
  }

  /** From here on `open` is refused; who has a connection keeps it. */
  end(): void {
    this.#ended = true;
  }

  /** Lets statements in hand finish, for up to five seconds. Never rejects because of a shard that is away. */
  async close(): Promise<void> {
    this.end();
    const opened = await this.#opening?.catch(() => undefined);
    await withDeadline(opened?.dataSource.destroy() ?? Promise.resolve(), CLOSE_DEADLINE_MS, () => {
      return new Error(`${this.shard}: connections did not end within ${CLOSE_DEADLINE_MS} ms`);
    });
  }

  async #connect(): Promise<OpenShard> {
    const pool = new ShardPool(this.shard, { ...this.options, retiredBeforeMs: () => this.#retiredMs });
    this.#pool = pool;
    const dataSource = new DataSource(this.#typeOrmOptions(pool.driver));
    const deadlineMs = 2 * this.options.connectTimeoutMs;
    let abandoned = false;
    const initialised = dataSource.initialize().then(async () => {
      pool.seal();
      if (abandoned) await dataSource.destroy();
    });
    try {
      await withDeadline(initialised, deadlineMs, () => {
        return Object.assign(new Error(`no answer within ${deadlineMs} ms`), { code: 'ETIMEDOUT' });
      });
      return { dataSource, pool };
    } catch (error) {
      abandoned = true;
      // TypeORM leaves the pool open when the server goes away between connecting and the first statement.
      void initialised.catch(() => dataSource.driver.disconnect()).catch(() => {});
      throw error;
    }
  }

  #typeOrmOptions(driver: object): DataSourceOptions {
    const { entities, connectTimeoutMs } = this.options;
    return {
      type: 'mysql',
      driver,
      ...this.endpoint,
      entities: [...entities],
      poolSize: this.#poolSize,
      connectTimeout: connectTimeoutMs,
      charset: 'utf8mb4',
      timezone: 'Z',
      // 64-bit ids do not fit a JavaScript number: every BIGINT, COUNT(*) among them, is decimal text.
      supportBigNumbers: true,
      bigNumberStrings: true,
      synchronize: false,
      extra: { queueLimit: QUEUE_LIMIT, keepAliveInitialDelay: KEEP_ALIVE_MS },
    };
  }
}
