import { type EntityTarget, type FindOptionsSelect, In, type ObjectLiteral } from 'typeorm';
import type { ShardRouter } from '../routing/shard.router.js';
import { assertKey, type KeyedWhere, type ShardKeyOf, whereOf } from './key.scope.js';
import type { ShardedEntities } from './sharded.entities.js';

export interface ManyKeysQuery<E, K extends keyof E> {
  where?: KeyedWhere<E, K>;
  select?: FindOptionsSelect<E>;
}

/** The rows of many keys, with one query a shard; all or nothing: a shard that is away fails the whole. */
export class ManyKeys<E extends ObjectLiteral, K extends ShardKeyOf<E>> {
  constructor(
    private readonly router: ShardRouter,
    private readonly entities: ShardedEntities,
    private readonly target: EntityTarget<E>,
    private readonly property: K,
    private readonly keys: readonly string[],
  ) {}

  /** @returns at each place the rows of the key at that place; a key given twice has them twice, one without has []. */
  async find({ where, select }: ManyKeysQuery<E, K> = {}): Promise<E[][]> {
    const { router, target, property, keys } = this;
    const metadata = await this.entities.metadataOf(target);
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

  /** @returns at each place the one row of the key at that place, or null: for a table with at most one row a key. */
  async findOne(query?: ManyKeysQuery<E, K>): Promise<(E | null)[]> {
    return (await this.find(query)).map(([row = null]) => row);
  }
}
