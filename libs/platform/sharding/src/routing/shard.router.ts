import { isRecorded } from '@fourfold/observability/tracing';
import type { EntityManager, EntityTarget, ObjectLiteral, QueryRunner } from 'typeorm';
import type { ShardKeyOf } from '../access/key.scope.js';
import { ShardedRepository } from '../access/sharded.repository.js';
import { HotKeys } from '../hot-keys/hot-keys.js';
import type { Location } from '../ring/hash-ring.js';
import type { CurrentTopology } from '../topology/current-topology.js';
import { readingManager } from './reading.manager.js';
import { ShardMetrics } from './shard.metrics.js';
import type { ShardRegistry } from './shard.registry.js';
import { inTransaction } from './shard.transaction.js';
import { withStatementSpans } from './statement.spans.js';
import { ShardUnavailableError } from './shard-unavailable.error.js';

export interface ScatterResult<T> {
  /** What answered, in the order of the topology's shards. */
  results: { shard: string; value: T }[];
  /** Shards that could not be reached or were late: what they hold is missing from the results. */
  unavailableShards: string[];
}

/** Of how many shards a call asks. */
type Scope = 'single' | 'multi' | 'scatter';

export interface ScatterOptions {
  /** A shard that is not done by then counts as away. */
  deadlineMs: number;
  /** `false`: rather nothing than a part. Default `true`. */
  partial?: boolean | undefined;
}

/**
 * The one way to sharded rows; `repository` is how to them without forgetting the key, the rest is for SQL that is
 * written out. All writes go through `write`, so that online migration can fence a slot there without touching a
 * caller: everywhere else a write is refused (WriteOnReadConnectionError). Every method throws InvalidShardKeyError
 * for a bad key and ShardUnavailableError for a shard that is away; errors of the callback pass through.
 */
export class ShardRouter {
  private readonly metrics = new ShardMetrics();

  constructor(
    private readonly topology: CurrentTopology,
    private readonly registry: ShardRegistry,
    private readonly hotKeys = new HotKeys(),
  ) {}

  /** @param key the property of `target` that its rows are sharded by */
  repository<E extends ObjectLiteral, K extends ShardKeyOf<E>>(
    target: EntityTarget<E>,
    key: K,
  ): ShardedRepository<E, K> {
    return new ShardedRepository(this, this.registry.entities, target, key);
  }

  /** Reads what belongs to `key`, on one connection and outside a transaction. */
  async read<T>(key: string, fn: (manager: EntityManager, shard: string) => Promise<T>): Promise<T> {
    const { shard } = this.topology.ring.locate(key);
    this.metrics.queries.inc({ scope: 'single' });
    this.hotKeys.count(shard, key);
    return this.run(shard, 'single', async (runner) => fn(await readingManager(runner, shard), shard));
  }

  /**
   * One READ COMMITTED transaction on the shard of `key`. `fn` runs again, up to three times, after a deadlock: it
   * must have no effect outside the transaction.
   */
  async write<T>(key: string, fn: (manager: EntityManager, at: Location) => Promise<T>): Promise<T> {
    const at = this.topology.ring.locate(key);
    this.metrics.queries.inc({ scope: 'single' });
    this.hotKeys.count(at.shard, key);
    return this.run(at.shard, 'single', (runner) => inTransaction(runner, (manager) => fn(manager, at)));
  }

  /**
   * Reads for many keys with one call of `fn` a shard, given that shard's distinct keys. The rows come back together,
   * in no order that means anything. All or nothing: one shard away fails the whole.
   */
  async readMany<T>(
    keys: readonly string[],
    fn: (manager: EntityManager, keys: string[], shard: string) => Promise<readonly T[]>,
  ): Promise<T[]> {
    const byShard = Map.groupBy(new Set(keys), (key) => this.topology.ring.locate(key).shard);
    if (byShard.size === 0) return [];
    const scope = byShard.size === 1 ? 'single' : 'multi';
    this.metrics.queries.inc({ scope });
    for (const [shard, own] of byShard) for (const key of own) this.hotKeys.count(shard, key);
    const parts = await Promise.all(
      Array.from(byShard, ([shard, own]) =>
        this.run(shard, scope, async (runner) => fn(await readingManager(runner, shard), own, shard)),
      ),
    );
    return parts.flat();
  }

  /**
   * Asks all shards at once, each on one connection. A shard that is away or not done after `deadlineMs` is named
   * instead of failing the others, unless `partial` is false; any other error of `fn` rejects.
   */
  async scatter<T>(
    fn: (manager: EntityManager, shard: string) => Promise<T>,
    { deadlineMs, partial = true }: ScatterOptions,
  ): Promise<ScatterResult<T>> {
    this.metrics.queries.inc({ scope: 'scatter' });
    const answers = await Promise.all(
      this.topology.ring.shards.map(async (shard) => {
        const ask = async (runner: QueryRunner) => fn(await readingManager(runner, shard), shard);
        try {
          return { shard, value: await this.run(shard, 'scatter', ask, deadlineMs) };
        } catch (error) {
          if (partial && error instanceof ShardUnavailableError) return shard;
          throw error;
        }
      }),
    );
    return {
      results: answers.filter((answer) => typeof answer !== 'string'),
      unavailableShards: answers.filter((answer) => typeof answer === 'string'),
    };
  }

  private run<T>(
    shard: string,
    scope: Scope,
    work: (runner: QueryRunner) => Promise<T>,
    deadlineMs?: number,
  ): Promise<T> {
    const ask = isRecorded() ? (runner: QueryRunner) => work(withStatementSpans(runner, shard, scope)) : work;
    return this.metrics.measure(shard, () => this.registry.run(shard, ask, deadlineMs));
  }
}
