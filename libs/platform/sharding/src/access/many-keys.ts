import { type FindOptionsSelect, In, type ObjectLiteral } from 'typeorm';
import { assertKey, type KeyedWhere, type ShardedTable, type ShardKeyOf, whereOf } from './key-scope.js';

export interface ManyKeysQuery<E, K extends keyof E> {
  where?: KeyedWhere<E, K>;
  select?: FindOptionsSelect<E>;
}

/** The rows of many keys, with one query a shard. A shard that is away fails the whole call. */
export class ManyKeys<E extends ObjectLiteral, K extends ShardKeyOf<E>> {
  constructor(
    private readonly table: ShardedTable<E, K>,
    private readonly keys: readonly string[],
  ) {}

  /** @returns the rows of each key, in the order of the keys: [] for a key without rows, and twice for a key given twice */
  async find({ where, select }: ManyKeysQuery<E, K> = {}): Promise<E[][]> {
    const { keys } = this;
    const { router, entities, target, property } = this.table;
    const metadata = await entities.metadataOf(target);
    for (const key of keys) assertKey(metadata, property, key);
    const rows = await router.readMany(keys, (manager, own) =>
      manager.find(target, {
        where: whereOf<E, K>(property, In(own), where),
        ...(select && { select: { ...select, [property]: true } }),
      }),
    );
    const byKey = Map.groupBy(rows, (row) => row[property] as string);
    return keys.map((key) => byKey.get(key) ?? []);
  }

  /** For a table with at most one row a key. @returns the row of each key or null, in the order of the keys */
  async findOne(query?: ManyKeysQuery<E, K>): Promise<(E | null)[]> {
    return (await this.find(query)).map(([row = null]) => row);
  }
}
