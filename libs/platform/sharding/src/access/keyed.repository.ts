import type { ObjectLiteral } from 'typeorm';
import { assertKey, KeyScope, type KeyedWhere, type ShardedTable, type ShardKeyOf } from './key-scope.js';
import { KeyedRows, KeyedTransaction } from './keyed-rows.js';
import { KeysetQuery, type PageOrder, type Page } from './keyset/keyset-query.js';

export interface KeyedPageQuery<E, K extends keyof E> {
  where?: KeyedWhere<E, K>;
  order: PageOrder<E>;
  limit: number;
  cursor?: string | undefined;
}

/** The rows of one key, each call a statement of its own on the shard of the key. */
export class KeyedRepository<E extends ObjectLiteral, K extends ShardKeyOf<E>> extends KeyedRows<E, K> {
  constructor(
    private readonly table: ShardedTable<E, K>,
    key: string,
  ) {
    const { router, entities, target, property } = table;
    const check = async () => assertKey(await entities.metadataOf(target), property, key);
    super(new KeyScope(target, property, key), {
      read: (work) => check().then(() => router.read(key, work)),
      write: (work) => check().then(() => router.write(key, work)),
    });
  }

  /** One transaction over the rows of the key. `work` runs again after a deadlock: see `ShardRouter.write`. */
  write<T>(work: (rows: KeyedTransaction<E, K>) => Promise<T>): Promise<T> {
    return this.lane.write((manager) => {
      const inside = <R>(statement: (own: typeof manager) => Promise<R>) => statement(manager);
      return work(new KeyedTransaction(this.scope, { read: inside, write: inside }));
    });
  }

  /**
   * One page of the rows of the key, in the order asked for.
   * @throws InvalidCursorError, before the shard is asked
   */
  async page({ where, order, limit, cursor }: KeyedPageQuery<E, K>): Promise<Page<E>> {
    const { entities, target, property } = this.table;
    const query = await KeysetQuery.of(entities, target, {
      where: this.scope.where(where),
      order,
      limit,
      cursor,
      shardKey: property,
      oneKey: true,
    });
    return query.pageOf(await this.lane.read((manager) => manager.find(target, query.options)));
  }
}
