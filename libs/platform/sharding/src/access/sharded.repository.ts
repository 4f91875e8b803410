import type { FindOptionsOrder, FindOptionsSelect, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import type { ScatterOptions } from './shard.router.js';
import { alternativesOf, type ShardedTable, type ShardKeyOf } from './key-scope.js';
import { KeyedRepository } from './keyed.repository.js';
import { KeysetQuery, type Page, type PageOrder } from './keyset/keyset-query.js';
import { ManyKeys } from './many-keys.js';
import { ownedSlots } from './owned-slots.js';
import type { SlotRange } from '../ring/slot.js';

export interface ScatterQuery<E> {
  where?: FindOptionsWhere<E> | FindOptionsWhere<E>[];
  select?: FindOptionsSelect<E>;
  /** Orders each shard's rows by themselves; with `take` the first of each shard. `page` orders over all shards. */
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

function within<E extends ObjectLiteral>(
  owned: readonly SlotRange[] | undefined,
  where: ScatterQuery<E>['where'],
): FindOptionsWhere<E>[] {
  return alternativesOf(where).map((one) => ({ ...one, ...ownedSlots<E>(owned) }));
}

/** The rows of one sharded table: by key, by many keys, or on all shards. */
export class ShardedRepository<E extends ObjectLiteral, K extends ShardKeyOf<E>> {
  /** @throws InvalidShardQueryError when another column was given for this entity before. */
  constructor(private readonly table: ShardedTable<E, K>) {
    table.entities.shardBy(table.target, table.property);
  }

  /** The rows of one key. */
  forKey(key: string): KeyedRepository<E, K> {
    return new KeyedRepository(this.table, key);
  }

  /** The rows of any of the keys, with one query a shard. */
  forKeys(keys: readonly string[]): ManyKeys<E, K> {
    return new ManyKeys(this.table, keys);
  }

  /**
   * Asks all shards at once; the rows come shard by shard.
   * @throws ShardUnavailableError when a shard does not answer and `partial` is false
   */
  async scatter(query: ScatterQuery<E>, options: ScatterOptions): Promise<ScatteredRows<E>> {
    const { router, entities, target } = this.table;
    const { results, unavailableShards } = await router.scatter(
      (manager, _shard, owned) =>
        manager.find(
          target,
          entities.hasSlot(target) ? { ...query, where: within(owned, query.where) } : query,
        ),
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
    const { entities, target, property } = this.table;
    const query = await KeysetQuery.of(entities, target, {
      ...asked,
      where: alternativesOf(where),
      shardKey: property,
      oneKey: false,
    });
    const { items, unavailableShards } = await this.scatter(query.options, { deadlineMs, partial });
    return { ...query.pageOf(items), unavailableShards };
  }
}
