import { ShardBreaker, type BreakerState } from './shard.breaker.js';
import { isReadOnlyServer, type NodeMetrics, type PoolStats } from '@fourfold/db-routing';
import { withDeadline } from '@fourfold/kernel';
import type { QueryRunner } from 'typeorm';
import { parseShardUrl } from '../configuration/shard-url.js';
import { ShardDataSource } from './shard.data-source.js';
import { ShardOperation } from './shard.operation.js';
import { probeShard } from './shard.probe.js';
import type { ShardConnectionOptions } from './shard-connection.options.js';
import { ShardUnavailableError } from './shard-unavailable.error.js';

const CLOSE_DEADLINE_MS = 5_000;

/** One shard as this process sees it: its pool, its breaker, and what is under way there. */
export class Shard {
  readonly #dataSource: ShardDataSource;
  readonly #probe: () => Promise<void>;
  readonly #breaker: ShardBreaker;
  readonly #underWay = new Map<ShardOperation<unknown>, Promise<unknown>>();

  /** @throws Error when the URL can't be read, without quoting it. */
  constructor(
    readonly name: string,
    url: string,
    private readonly options: ShardConnectionOptions,
    private readonly metrics: NodeMetrics,
    endpoint = parseShardUrl(url),
  ) {
    this.#dataSource = new ShardDataSource(name, endpoint, options);
    this.#probe = () => probeShard(endpoint, options.connectTimeoutMs);
    this.#breaker = new ShardBreaker(this.#probe, options.retryAfterMs, () => this.#cutAll());
  }

  /** Of its pool. */
  get stats(): PoolStats {
    return this.#dataSource.stats;
  }

  get breaker(): BreakerState {
    return this.#breaker.state;
  }

  /** @throws Error while its breaker refuses calls, or when it does not answer */
  async ask(): Promise<void> {
    const refusal = this.#breaker.refusal;
    if (refusal !== undefined) throw new Error(refusal);
    await this.#probe();
  }

  /** See `ShardRegistry.run`. */
  async run<T>(work: (runner: QueryRunner) => Promise<T>, deadlineMs: number): Promise<T> {
    const sinceMs = performance.now();
    try {
      return await this.#attempt(work, deadlineMs);
    } catch (error) {
      const isDemoted = error instanceof ShardUnavailableError && isReadOnlyServer(error.cause);
      if (!isDemoted || !this.#dataSource.demoted(sinceMs)) throw error;
      // Nothing was done, and the next connection leads to the primary of now.
      return this.#attempt(work, sinceMs + deadlineMs - performance.now());
    }
  }

  async #attempt<T>(work: (runner: QueryRunner) => Promise<T>, deadlineMs: number): Promise<T> {
    const refusal = this.#breaker.refusal;
    if (refusal !== undefined) throw new ShardUnavailableError(this.name, refusal, undefined, 'breaker');
    const operation = new ShardOperation(this.name, work, deadlineMs, this.metrics);
    const { suspectAfterMs } = this.options;
    const suspicion = setTimeout(() => this.#breaker.suspect(), Math.min(suspectAfterMs, deadlineMs));
    const deadline = setTimeout(() => operation.expire(), deadlineMs);
    const running = operation.run(() => this.#dataSource.open());
    this.#underWay.set(operation, running);
    try {
      return await running;
    } catch (error) {
      if (error instanceof ShardUnavailableError) this.#breaker.suspect();
      throw error;
    } finally {
      clearTimeout(suspicion);
      clearTimeout(deadline);
      this.#underWay.delete(operation);
    }
  }

  /** Takes nothing new, and lets what is under way finish, for up to five seconds. Never waits for a shard that is away. */
  async close(): Promise<void> {
    this.#dataSource.end();
    const all = Promise.allSettled(this.#underWay.values());
    const late = () => new Error(`${this.name}: calls did not end within ${CLOSE_DEADLINE_MS} ms`);
    try {
      await withDeadline(all, CLOSE_DEADLINE_MS, late);
    } finally {
      this.#breaker.end();
      await this.#dataSource.close();
    }
  }

  /** Two probes say that the shard is down: callers that wait for it wait in vain. */
  #cutAll(): void {
    const down = new ShardUnavailableError(this.name, 'it does not answer', undefined, 'late');
    for (const operation of this.#underWay.keys()) operation.cut(down);
  }
}
