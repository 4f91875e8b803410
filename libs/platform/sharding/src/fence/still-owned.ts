import type { EntityManager } from 'typeorm';
import { slotOf, type SlotRange } from '../ring/slot.js';
import type { Fence } from './fence.js';
import { SlotRefusedError } from './slot-refused.error.js';

/** By primary key. */
const FOREIGN_AMONG = `
  SELECT slot, owner, epoch, mode FROM ring_fence WHERE mode = 'foreign' AND slot IN (?) ORDER BY slot LIMIT 1`;

/** The same. */
const foreignWithin = (within: string) => `
  SELECT slot, owner, epoch, mode FROM ring_fence
  WHERE mode = 'foreign' AND (${within}) ORDER BY slot LIMIT 1`;

/**
 * The end of a read, on its connection: what was read is as new as it should be if the shard owns the slots now.
 * @throws SlotRefusedError when it does not
 */
export async function assertOwned(
  manager: EntityManager,
  shard: string,
  keys: readonly string[],
): Promise<void> {
  if (keys.length > 0) await refuse(manager, shard, FOREIGN_AMONG, [keys.map(slotOf)]);
}

/** The same of all slots of the ranges. */
export async function assertOwnedRanges(
  manager: EntityManager,
  shard: string,
  ranges: readonly SlotRange[],
): Promise<void> {
  await refuse(
    manager,
    shard,
    foreignWithin(ranges.map(() => 'slot BETWEEN ? AND ?').join(' OR ')),
    ranges.flatMap(({ from, to }) => [from, to]),
  );
}

async function refuse(
  manager: EntityManager,
  shard: string,
  sql: string,
  parameters: unknown[],
): Promise<void> {
  const [foreign] = await manager.query<Fence[]>(sql, parameters);
  if (foreign) throw new SlotRefusedError(shard, foreign, false);
}
