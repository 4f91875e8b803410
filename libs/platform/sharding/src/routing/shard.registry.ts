import { NodeMetrics, type PoolStats } from '@fourfold/db-routing';
import { PageCursors } from '@fourfold/kernel';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { QueryRunner } from 'typeorm';
import { ShardedEntities } from '../access/sharded.entities.js';
import type { HashRing } from '../ring/hash-ring.js';
import type { CurrentTopology } from '../topology/current-topology.js';
import { Shard } from './shard.js';
import type { BreakerState } from './shard.breaker.js';
import { ShardMetrics } from './shard.metrics.js';
import { defaultShardConnectionOptions, type ShardConnectionOptions } from './shard-connection.options.js';
import { ShardUnavailableError } from './shard-unavailable.error.js';

export interface ShardHealth {
  shard: string;
  up: boolean;
  breaker: BreakerState;
  /** How long the answer took, or the failure. */
  latencyMs: number;
  /** Why it is down; holds no address and no secret. */
  reason?: string;
}

const PING_DEADLINE_MS = 800;

/** The shards this process can reach, each with its own pool and breaker: one that is down takes nothing from the others. */
export class ShardRegistry implements OnApplicationShutdown {
  readonly #logger = new Logger(ShardRegistry.name);
  readonly #shards = new Map<string, Shard>();
  readonly #options: ShardConnectionOptions;
  readonly #metrics = new ShardMetrics();
  readonly #nodeMetrics = new NodeMetrics();
  readonly entities: ShardedEntities;
  #unfollow = (): void => {};

  /**
   * @param urls mysql:// URL by shard name. No connection is made before it is needed.
   * @throws Error naming the shard whose URL can't be read.
   */
  constructor(
    private readonly urls: Readonly<Record<string, string>>,
    options: Partial<ShardConnectionOptions> = {},
  ) {
    this.#options = { ...defaultShardConnectionOptions, ...options };
    this.entities = new ShardedEntities(this.#options.entities, new PageCursors(this.#options.cursorSecrets));
    for (const shard of Object.keys(urls)) this.#add(shard);
    this.#metrics.watch(this);
    this.#nodeMetrics.watch(this);
  }

  /** Shards that can be asked. */
  get names(): string[] {
    return [...this.#shards.keys()];
  }

  /** How each shard's pool is. */
  get pools(): { node: string; stats: PoolStats }[] {
    return [...this.#shards].map(([node, { stats }]) => ({ node, stats }));
  }

  /** Shards that this process has a URL for, whether the topology names them now or not. */
  get configured(): string[] {
    return Object.keys(this.urls);
  }

  /** Resolves when the shard is used and answers a probe. */
  async ask(shard: string): Promise<void> {
    await this.#get(shard).ask();
  }

  /** @returns undefined for a shard this process does not have. */
  breakerOf(shard: string): BreakerState | undefined {
    return this.#shards.get(shard)?.breaker;
  }

  /**
   * From here on the shards are those of the topology: one that comes is connected at its first use, and one that
   * leaves is closed once what is under way there has finished.
   */
  follow(topology: CurrentTopology): void {
    this.#unfollow();
    this.#unfollow = topology.onAdopted((ring) => this.#adopt(ring));
    this.#adopt(topology.ring);
  }

  /**
   * Runs `work` on one connection of the shard. When `deadlineMs` (default: the operation timeout) is over the
   * connection is cut, which rolls back and frees what it held once the statement in hand has ended: the server allows
   * each as long as the whole call (MySQL: a SELECT).
   * @throws ShardUnavailableError when the shard can't be reached, has no connection free, breaks off, is late, or is
   *   known to be down. Every other error passes through.
   */
  async run<T>(
    shard: string,
    work: (runner: QueryRunner) => Promise<T>,
    deadlineMs = this.#options.operationTimeoutMs,
  ): Promise<T> {
    return this.#get(shard).run(work, deadlineMs);
  }

  /** Asks every shard for a sign of life, all at once, and answers within a second. */
  async shardHealth(): Promise<ShardHealth[]> {
    return Promise.all(
      this.names.map(async (shard) => {
        const startedAt = performance.now();
        const health = (up: boolean) => ({
          shard,
          up,
          breaker: this.breakerOf(shard) ?? 'closed',
          latencyMs: Math.round(performance.now() - startedAt),
        });
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
    this.#unfollow();
    this.#metrics.unwatch(this);
    this.#nodeMetrics.unwatch(this);
    await Promise.all(this.names.map((shard) => this.#close(shard)));
  }

  #get(shard: string): Shard {
    const found = this.#shards.get(shard);
    if (found) return found;
    throw new ShardUnavailableError(shard, 'this process does not have it', undefined, 'unknown');
  }

  #adopt({ topology }: HashRing): void {
    const wanted = new Set(topology.shards.map(({ name }) => name));
    for (const shard of this.names) {
      if (wanted.has(shard)) continue;
      this.#logger.log(`${shard} is not in the topology: it is not used`);
      void this.#close(shard);
    }
    for (const shard of wanted) {
      if (this.#shards.has(shard)) continue;
      if (shard in this.urls) this.#add(shard);
      else
        this.#logger.error(`Topology epoch ${topology.epoch} has ${shard}, and this process no URL for it`);
    }
  }

  #add(shard: string): void {
    try {
      this.#shards.set(shard, new Shard(shard, this.urls[shard]!, this.#options, this.#nodeMetrics));
      this.#metrics.startAtZero(shard);
      this.#nodeMetrics.startAtZero(shard);
    } catch (error) {
      throw new Error(`The URL of ${shard} ${(error as Error).message}`);
    }
  }

  async #close(shard: string): Promise<void> {
    const closing = this.#shards.get(shard);
    this.#shards.delete(shard);
    try {
      await closing?.close();
    } catch (error) {
      this.#logger.warn(String(error));
    }
  }
}
