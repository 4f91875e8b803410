import { DbRoutingMetrics } from '@fourfold/db-routing';
import { PageCursors } from '@fourfold/kernel';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { EntityManager, QueryRunner } from 'typeorm';
import { ShardedEntities } from '../sharded-entities.js';
import type { HashRing } from '../ring/hash-ring.js';
import type { UrlReference } from '../ring/topology.js';
import type { CurrentTopology } from '../topology/current-topology.js';
import { type CallOptions, Shard } from './shard.js';
import type { BreakerState } from './shard.breaker.js';
import { ShardMetrics } from './shard.metrics.js';
import {
  defaultShardConnectionOptions,
  type ShardConnectionOptions,
  type ShardEntry,
} from './shard-connection.options.js';
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
  private readonly logger = new Logger(ShardRegistry.name);
  private readonly shards = new Map<string, Shard>();
  private readonly options: ShardConnectionOptions;
  private readonly metrics = new ShardMetrics();
  private readonly nodeMetrics = new DbRoutingMetrics();
  readonly entities: ShardedEntities;
  private unfollow = (): void => {};
  /** By shard name, of the current topology. */
  private references: ReadonlyMap<string, UrlReference> = new Map();

  /**
   * @param entries by shard name. No connection is made before it is needed.
   * @param urlOf of shards that have no entry: what the reference in the topology leads to, undefined while there is nothing
   * @throws Error naming the shard whose URL or other option is wrong.
   */
  constructor(
    private readonly entries: Readonly<Record<string, ShardEntry>>,
    options: Partial<ShardConnectionOptions> = {},
    private readonly urlOf: (reference: UrlReference) => string | undefined = () => undefined,
  ) {
    this.options = { ...defaultShardConnectionOptions, ...options };
    this.entities = new ShardedEntities(this.options.entities, new PageCursors(this.options.cursorSecrets));
    for (const [shard, entry] of Object.entries(entries)) this.add(shard, entry);
    this.metrics.watch(this);
  }

  /** Shards that can be asked. */
  get names(): string[] {
    return [...this.shards.keys()];
  }

  /** Of a call that names none. */
  get operationTimeoutMs(): number {
    return this.options.operationTimeoutMs;
  }

  /** Shards that this process has a URL for, whether the topology names them now or not. */
  get configured(): string[] {
    return Object.keys(this.entries);
  }

  /**
   * A shard that is to come, by its entry here or what `reference` leads to, for a caller who looks whether it may: no
   * request is sent there, and the caller gives it up.
   * @throws Error saying what is wrong with its URL, without any of it
   */
  candidate(shard: string, reference: UrlReference): Shard {
    const entry = this.entries[shard] ?? this.urlOf(reference);
    if (entry === undefined) throw new Error(`this process finds no URL of it in the file ${reference.file}`);
    return new Shard(shard, entry, this.options, this.nodeMetrics);
  }

  /** Closes a shard that is not used any more. What fails of it is logged. */
  async giveUp(shard: Shard): Promise<void> {
    try {
      await shard.close();
    } catch (error) {
      this.logger.warn(String(error));
    }
  }

  /** Resolves when the shard is used and answers a probe. */
  async ask(shard: string): Promise<void> {
    await this.get(shard).ask();
  }

  /** @returns undefined for a shard this process does not have. */
  breakerOf(shard: string): BreakerState | undefined {
    return this.shards.get(shard)?.breakerState;
  }

  /** How far the replicas of a shard are behind: see `Shard.replicaLagMs`. */
  replicaLagOf(shard: string): number | undefined {
    return this.shards.get(shard)?.replicaLagMs;
  }

  /**
   * From here on the shards are those of the topology: one that comes is connected at its first use, and one that
   * leaves is closed once what is under way there has finished.
   */
  follow(topology: CurrentTopology): void {
    this.unfollow();
    this.unfollow = topology.onAdopted((ring) => this.adopt(ring));
    this.adopt(topology.ring);
  }

  /**
   * Runs `work` on one connection of the shard's primary. When `deadlineMs` (default: the operation timeout) is over the
   * connection is cut, which rolls back and frees what it held once the statement in hand has ended: the server allows
   * each as long as the whole call (MySQL: a SELECT).
   * @throws ShardUnavailableError when the shard can't be reached, has no connection free, breaks off, is late, or is
   *   known to be down. Every other error passes through.
   */
  async run<T>(shard: string, work: (runner: QueryRunner) => Promise<T>, deadlineMs?: number): Promise<T> {
    return this.get(shard).run(work, { deadlineMs });
  }

  /** The same for reads: of a replica where the shard has one. A write is refused (WriteOnReadConnectionError). */
  async read<T>(
    shard: string,
    work: (manager: EntityManager) => Promise<T>,
    options?: CallOptions,
  ): Promise<T> {
    return this.get(shard).read(work, options);
  }

  /**
   * The same in one READ COMMITTED transaction, past the fences: what writes rows of keys begins with `passFences`. `work`
   * runs again, up to three times, after a deadlock, and once when the server was no primary any more: it must have no
   * effect outside the transaction.
   */
  async transaction<T>(
    shard: string,
    work: (manager: EntityManager) => Promise<T>,
    options?: CallOptions,
  ): Promise<T> {
    return this.get(shard).write(work, options);
  }

  /** Pings every shard, all at once, and answers within a second. */
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
    this.unfollow();
    this.metrics.unwatch(this);
    await Promise.all(this.names.map((shard) => this.close(shard)));
  }

  /** A shard may be named before its secret has come to this process: it is looked for whenever it is asked for. */
  private get(shard: string): Shard {
    this.addNamed(shard);
    const found = this.shards.get(shard);
    if (found) return found;
    throw new ShardUnavailableError(shard, 'this process does not have it', undefined, 'unknown');
  }

  private adopt({ topology }: HashRing): void {
    const wanted = new Set(topology.shards.map(({ name }) => name));
    for (const shard of this.names) {
      if (wanted.has(shard)) continue;
      this.logger.log(`${shard} is not in the topology: it is not used`);
      void this.close(shard);
    }
    this.references = new Map(topology.shards.flatMap(({ name, url }) => (url ? [[name, url]] : [])));
    for (const shard of wanted) {
      if (shard in this.entries && !this.shards.has(shard)) this.add(shard, this.entries[shard]!);
      this.addNamed(shard);
      if (!this.shards.has(shard))
        this.logger.error(`Topology epoch ${topology.epoch} has ${shard}, and this process no URL for it`);
    }
  }

  private addNamed(shard: string): void {
    const reference = this.references.get(shard);
    if (reference === undefined || this.shards.has(shard)) return;
    const url = this.urlOf(reference);
    if (url === undefined) return;
    try {
      this.add(shard, url);
      this.logger.log(`${shard} is used from now on: the topology names it`);
    } catch (error) {
      this.logger.error((error as Error).message);
    }
  }

  private add(shard: string, entry: ShardEntry): void {
    this.shards.set(shard, new Shard(shard, entry, this.options, this.nodeMetrics));
    this.metrics.startAtZero(shard);
  }

  private async close(shard: string): Promise<void> {
    const closing = this.shards.get(shard);
    this.shards.delete(shard);
    if (closing) await this.giveUp(closing);
  }
}
