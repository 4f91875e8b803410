import type {
  EntityTarget,
  FindOptionsOrder,
  FindOptionsSelect,
  FindOptionsWhere,
  ObjectLiteral,
} from 'typeorm';
import type { ScatterOptions, ShardRouter } from '../routing/shard.router.js';
import { alternativesOf, type ShardKeyOf } from './key.scope.js';
import { KeyedRepository } from './keyed.repository.js';
import { KeysetQuery, type Page, type PageOrder } from './keyset/keyset.query.js';
import { ManyKeys } from './many.keys.js';
import type { ShardedEntities } from './sharded.entities.js';

export interface ScatterQuery<E> {
  where?: FindOptionsWhere<E> | FindOptionsWhere<E>[];
  select?: FindOptionsSelect<E>;
  /** Of each shard's rows; with `take` the first of each shard. For one order over all shards there is `page`. */
  order?: FindOptionsOrder<E>;
  take?: number;
}

export interface ScatteredRows<E> {
  items: E[];
  /** Shards that did not answer in time: what they hold is missing. */
  unavailableShards: string[];
}

export interface PageQuery<E> extends ScatterOptions {
  where?: FindOptionsWhere<E> | FindOptionsWhere<E>[];
  order: PageOrder<E>;
  /** Rows of a page, at least 1. */
  limit: number;
  /** The `nextCursor` of the page before. */
  cursor?: string | undefined;
}

/** The rows of one sharded table: by key, by many keys, or, said in so many words, on all shards. */
export class ShardedRepository<E extends ObjectLiteral, K extends ShardKeyOf<E>> {
  /**
   * @param property the column that rows are sharded by.
   * @throws InvalidShardQueryError when those of this entity are already by another one.
   */
  constructor(
    private readonly router: ShardRouter,
    private readonly entities: ShardedEntities,
    private readonly target: EntityTarget<E>,
    private readonly property: K,
  ) {
    entities.shardBy(target, property);
  }

  /** What belongs to one key. */
  forKey(key: string): KeyedRepository<E, K> {
    return new KeyedRepository(this.router, this.entities, this.target, this.property, key);
  }

  /** What belongs to any of the keys, with one query a shard. */
  forKeys(keys: readonly string[]): ManyKeys<E, K> {
    return new ManyKeys(this.router, this.entities, this.target, this.property, keys);
  }

  /**
   * Asks all shards at once; the rows come shard by shard.
   * @throws ShardUnavailableError when a shard does not answer and `partial` is false
   */
  async scatter(query: ScatterQuery<E>, options: ScatterOptions): Promise<ScatteredRows<E>> {
    const { results, unavailableShards } = await this.router.scatter(
      (manager) => manager.find(this.target, query),
      options,
    );
    return { items: results.flatMap(({ value }) => value), unavailableShards };
  }

  /**
   * One page over all shards, in one order: each is asked for its first rows after the cursor, and they are merged.
   * While a shard is away its rows are missing from the page, and the next page does not make up for them.
   * @throws InvalidCursorError, before any shard is asked; ShardUnavailableError when a shard does not answer and
   *   `partial` is false; InvalidShardQueryError for an order that can't be paged by
   */
  async page({ deadlineMs, partial, where, ...asked }: PageQuery<E>): Promise<Page<E> & ScatteredRows<E>> {
    const query = await KeysetQuery.of(this.entities, this.target, {
      ...asked,
      where: alternativesOf(where),
      shardKey: this.property,
      oneKey: false,
    });
    const { items, unavailableShards } = await this.scatter(query.options, { deadlineMs, partial });
    return { ...query.pageOf(items), unavailableShards };
  }
}
