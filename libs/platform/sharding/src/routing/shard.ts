import {
  completeOptions,
  type DbRoutingMetrics,
  type DbRoutingOptions,
  isAnswer,
  parseNodeUrl,
  repeatedTransaction,
  Routing,
  withQueryTimeout,
} from '@fourfold/db-routing';
import { withDeadline } from '@fourfold/kernel';
import { runWithin } from '@fourfold/observability/request-context';
import type { PoolConnection } from 'mysql2';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { SealedSource } from './sealed.source.js';
import { type BreakerState, ShardBreaker } from './shard.breaker.js';
import { ShardOperation } from './shard.operation.js';
import type { ShardConnectionOptions, ShardEntry } from './shard-connection.options.js';
import { ShardUnavailableError } from './shard-unavailable.error.js';

const CLOSE_DEADLINE_MS = 5_000;
/** So many callers may wait for a connection; beyond, they would only wait for their deadline. */
const MOST_WAITING = 1_024;
const IDLE_LIMIT = 'SET SESSION idle_transaction_timeout = ?';

export interface CallOptions {
  /** When it is over the connection is cut. Default: the operation timeout. */
  deadlineMs?: number | undefined;
  /** For traces: how many shards the call that it belongs to asks. */
  purpose?: string | undefined;
  /**
   * Of a transaction: the server rolls it back and closes the connection when no statement comes for so long, in whole
   * seconds, at least one. For one that keeps others waiting: a process that stands still inside it can't end it itself.
   * MariaDB alone; MySQL has no such limit.
   */
  idleSeconds?: number | undefined;
}

/**
 * One shard as this process sees it: its nodes, its breaker, and what is under way there.
 *
 * States: closed → opening (at first use, one attempt shared by all callers) → open, or closed again when the shard
 * does not answer, so that the next use tries anew → ended (for good). Once open it stays so through an outage: the
 * pools drop broken connections and make new ones.
 */
export class Shard {
  private readonly routing: Routing;
  private readonly breaker: ShardBreaker;
  private readonly underWay = new Set<Promise<unknown>>();
  private opening: Promise<DataSource> | undefined;
  private ended = false;

  /** @throws Error when its URL or another of its options is wrong; no URL is quoted. */
  constructor(
    readonly name: string,
    entry: ShardEntry,
    private readonly options: ShardConnectionOptions,
    private readonly metrics: DbRoutingMetrics,
  ) {
    this.routing = new Routing(completeOptions(optionsOf(name, entry, options), name), name, metrics);
    metrics.watch(this.routing.cluster);
    const retire = () => this.isOpen && this.routing.cluster.primaryPool.retire({ abort: true });
    this.breaker = new ShardBreaker(
      () => this.probe(),
      options.retryAfterMs,
      () => void retire(),
    );
  }

  get breakerState(): BreakerState {
    return this.breaker.state;
  }

  /** Of the replica that is furthest behind, of those that answer; undefined while none does. */
  get replicaLagMs(): number | undefined {
    const lags = this.routing.cluster.replicaNodes.flatMap(({ health }) => health.currentLagMs ?? []);
    return lags.length > 0 ? Math.max(...lags) : undefined;
  }

  /** @throws Error while its breaker refuses calls, or when it does not answer */
  async ask(): Promise<void> {
    const refusal = this.breaker.refusal;
    if (refusal !== undefined) throw new Error(refusal);
    await this.probe();
  }

  /** See `ShardRegistry.run`. */
  run<T>(work: (runner: QueryRunner) => Promise<T>, options: CallOptions = {}): Promise<T> {
    return this.call('MASTER', options, (use) => use(work));
  }

  /** See `ShardRegistry.read`. */
  read<T>(work: (manager: EntityManager) => Promise<T>, options: CallOptions = {}): Promise<T> {
    return this.call('SLAVE*', options, (use) => use(({ manager }) => work(manager)));
  }

  /** See `ShardRegistry.write`. */
  write<T>(work: (manager: EntityManager) => Promise<T>, options: CallOptions = {}): Promise<T> {
    const transaction = (runner: QueryRunner) =>
      this.idleLimited(runner, options.idleSeconds, () => runner.manager.transaction(work));
    return this.call('MASTER', options, (use) => repeatedTransaction(() => use(transaction)));
  }

  /** Takes nothing new, and lets what is under way finish, for up to five seconds. Never waits for a shard that is away. */
  async close(): Promise<void> {
    this.ended = true;
    const late = (what: string) => () =>
      new Error(`${this.name}: ${what} did not end within ${CLOSE_DEADLINE_MS} ms`);
    try {
      await withDeadline(Promise.allSettled(this.underWay), CLOSE_DEADLINE_MS, late('calls'));
    } finally {
      this.breaker.end();
      this.routing.stop();
      const ended = new Promise<unknown>((resolve) => this.routing.cluster.end(resolve));
      await withDeadline(ended, CLOSE_DEADLINE_MS, late('connections'));
    }
  }

  private async call<T>(
    target: 'MASTER' | 'SLAVE*',
    { deadlineMs = this.options.operationTimeoutMs, purpose }: CallOptions,
    work: (use: <R>(on: (runner: QueryRunner) => Promise<R>) => Promise<R>) => Promise<T>,
  ): Promise<T> {
    const refusal = target === 'SLAVE*' && this.hasReplica ? undefined : this.breaker.refusal;
    if (refusal !== undefined) throw new ShardUnavailableError(this.name, refusal, undefined, 'breaker');
    const operation = new ShardOperation(this.name, deadlineMs);
    const { suspectAfterMs } = this.options;
    const suspicion = setTimeout(() => this.breaker.suspect(), Math.min(suspectAfterMs, deadlineMs));
    const deadline = setTimeout(() => operation.expire(), deadlineMs);
    const running = operation.run(async () => {
      const dataSource = await this.open();
      return work((on) => operation.on(dataSource, () => this.acquire(target, purpose), on));
    });
    this.underWay.add(running);
    try {
      return await running;
    } catch (error) {
      if (error instanceof ShardUnavailableError) this.breaker.suspect();
      throw error;
    } finally {
      clearTimeout(suspicion);
      clearTimeout(deadline);
      this.underWay.delete(running);
    }
  }

  private async idleLimited<T>(
    runner: QueryRunner,
    seconds: number | undefined,
    transaction: () => Promise<T>,
  ): Promise<T> {
    if (seconds === undefined || this.options.engine !== 'mariadb') return transaction();
    await runner.query(IDLE_LIMIT, [seconds]);
    try {
      return await transaction();
    } finally {
      const connection = (await runner.connect()) as PoolConnection;
      // The next holder must not have the limit.
      await runner.query(IDLE_LIMIT, [0]).catch(() => connection.destroy());
    }
  }

  private get isOpen(): boolean {
    return this.opening !== undefined;
  }

  /** Reads go on without the primary. */
  private get hasReplica(): boolean {
    return this.routing.cluster.replicaNodes.some(({ inRotation }) => inRotation);
  }

  private acquire(target: 'MASTER' | 'SLAVE*', purpose: string | undefined): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      this.routing.cluster.getConnection(
        target,
        (error, connection) =>
          connection ? resolve(connection) : reject(error ?? new Error('no node is left')),
        purpose,
      );
    });
  }

  private async open(): Promise<DataSource> {
    if (this.ended) {
      throw new ShardUnavailableError(this.name, 'this process gives it up', undefined, 'unknown');
    }
    // For all who come meanwhile, whatever time the first of them has.
    this.opening ??= runWithin(undefined, () => this.connect());
    const opening = this.opening;
    try {
      return await opening;
    } catch (error) {
      if (this.opening === opening) this.opening = undefined;
      throw error;
    }
  }

  private async connect(): Promise<DataSource> {
    const { entities, connectTimeoutMs } = this.options;
    const source = new SealedSource(this.name, this.routing.cluster);
    const typeOrm = this.routing.typeOrmOptions({ entities, typeOrm: { charset: 'utf8mb4' } }, source);
    const dataSource = await withQueryTimeout(connectTimeoutMs, () => new DataSource(typeOrm).initialize());
    source.sealed = true;
    // Without replicas the breaker alone looks at the shard.
    if (this.routing.options.replicas.length > 0) await this.routing.start();
    return dataSource;
  }

  /** @throws Error when the primary does not answer */
  private async probe(): Promise<void> {
    try {
      await this.open();
      await this.routing.cluster.askPrimary(this.options.connectTimeoutMs);
    } catch (error) {
      if (isAnswer(error)) return;
      const { cause } = error as Error;
      throw cause instanceof Error ? cause : error;
    }
  }
}

function optionsOf(name: string, entry: ShardEntry, options: ShardConnectionOptions): DbRoutingOptions {
  const own = typeof entry === 'string' ? { primaryUrl: entry } : entry;
  try {
    parseNodeUrl(own.primaryUrl);
  } catch (error) {
    throw new Error(`The URL of ${name} ${(error as Error).message}`);
  }
  const { engine, connectTimeoutMs, acquireTimeoutMs, idleCheckMs, maxLifetimeMs } = options;
  return {
    ...{ engine, connectTimeoutMs, idleCheckMs, maxLifetimeMs },
    replicas: [],
    primaryConnections: options.poolSizes[name] ?? options.poolSize,
    mostWaiting: MOST_WAITING,
    primaryDeadlineMs: acquireTimeoutMs,
    replicaDeadlineMs: acquireTimeoutMs,
    queryTimeoutMs: options.operationTimeoutMs,
    ...own,
  };
}
