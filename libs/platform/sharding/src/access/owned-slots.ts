import { type FindOptionsWhere, type ObjectLiteral, Raw } from 'typeorm';
import type { SlotRange } from '../ring/slot.js';
import { SLOT } from '../slot-of.js';

/**
 * The condition that leaves rows of other shards out of a query over all shards, while slots are being moved.
 * @param owned as `ShardRouter.scatter` gives it: undefined while all rows on a shard are its own
 */
export function ownedSlots<E extends ObjectLiteral & { slot?: number }>(
  owned: readonly SlotRange[] | undefined,
): FindOptionsWhere<E> {
  if (owned === undefined) return {};
  // They are numbers: nothing of a caller's is in the text.
  const within = (column: string) =>
    owned.map(({ from, to }) => `${column} BETWEEN ${from} AND ${to}`).join(' OR ');
  // A shard that comes or goes has none.
  return { [SLOT]: Raw((column) => `(${within(column) || 'FALSE'})`) } as FindOptionsWhere<E>;
}
