import { InvalidCursorError, type PageCursors } from '@fourfold/kernel';
import type {
  EntityTarget,
  FindManyOptions,
  FindOptionsOrder,
  FindOptionsSelect,
  FindOptionsWhere,
  ObjectLiteral,
} from 'typeorm';
import { InvalidShardQueryError, type ShardedEntities } from '../../sharded-entities.js';
import { KeysetOrder, type PageOrder } from './keyset-order.js';

export type { PageOrder } from './keyset-order.js';

export interface Page<E> {
  items: E[];
  /** Give it back as `cursor` for the next page; null after the last one. */
  nextCursor: string | null;
}

export interface KeysetChoice<E> {
  /** Alternatives, at least one. */
  where: FindOptionsWhere<E>[];
  order: PageOrder<E>;
  limit: number;
  cursor?: string | undefined;
  /** The column that rows are sharded by. */
  shardKey: string;
  /** Whether all rows have one key, so that the key can't order them. */
  oneKey: boolean;
}

/** What one page asks of each shard, and how their answers become the page. */
export class KeysetQuery<E extends ObjectLiteral> {
  private constructor(
    readonly options: FindManyOptions<E>,
    private readonly order: KeysetOrder<E>,
    private readonly cursors: PageCursors,
    private readonly list: string,
    private readonly limit: number,
  ) {}

  /** @throws InvalidCursorError, InvalidShardQueryError */
  static async of<E extends ObjectLiteral>(
    entities: ShardedEntities,
    target: EntityTarget<E>,
    { where, order: asked, limit, cursor, shardKey, oneKey }: KeysetChoice<E>,
  ): Promise<KeysetQuery<E>> {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new InvalidShardQueryError(`A page has a whole number of rows, at least 1, not ${limit}`);
    }
    const metadata = await entities.metadataOf(target);
    const primary = metadata.primaryColumns.map(({ propertyName }) => propertyName);
    // Without the sharding key two shards might have a row each at one place.
    const tiebreak = oneKey ? primary.filter((column) => column !== shardKey) : [...primary, shardKey];
    const order = new KeysetOrder<E>(metadata, asked, tiebreak);
    const whole = { where, order: order.findOrder };
    const list = await listOf(entities, target, whole);
    const wanted = cursor === undefined ? where : order.after(entities.cursors.open(list, cursor), where);
    if (!wanted) throw new InvalidCursorError();
    // One more than the page has says whether there is a next one.
    const options = { where: wanted, order: whole.order, take: limit + 1 };
    return new KeysetQuery(options, order, entities.cursors, list, limit);
  }

  /** @param rows what `options` found, on one shard or on many */
  pageOf(rows: readonly E[]): Page<E> {
    const sorted = rows.toSorted(this.order.compare);
    const items = sorted.slice(0, this.limit);
    const more = sorted.length > this.limit;
    return {
      items,
      nextCursor: more ? this.cursors.seal(this.list, this.order.positionOf(items.at(-1)!)) : null,
    };
  }
}

/**
 * Identifies this query: the statement with table, conditions, key and order, without the columns that it selects, so
 * that a cursor outlives a release that adds a column.
 */
async function listOf<E extends ObjectLiteral>(
  entities: ShardedEntities,
  target: EntityTarget<E>,
  options: { where: FindOptionsWhere<E>[]; order: FindOptionsOrder<E> },
): Promise<string> {
  const unconnected = await entities.unconnected();
  const query = unconnected
    .createQueryBuilder(target, 'row')
    .setFindOptions({ ...options, select: selectOf(options.order) })
    .getQueryAndParameters();
  return JSON.stringify(query);
}

function selectOf<E>(order: FindOptionsOrder<E>): FindOptionsSelect<E> {
  return Object.fromEntries(Object.keys(order).map((column) => [column, true])) as FindOptionsSelect<E>;
}
