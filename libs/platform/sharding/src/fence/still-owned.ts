import { isMissingTable } from '@fourfold/db-routing';
import type { EntityManager } from 'typeorm';
import { slotOf, type SlotRange } from '../ring/slot.js';
import type { Fence } from './fence.js';
import { FencesMissingError } from './fences-missing.error.js';
import { SlotRefusedError } from './slot-refused.error.js';

interface Owned {
  readonly fences: unknown;
  readonly other: string | null;
}

const FOREIGN = "CONCAT_WS(' ', slot, owner, epoch)";

/** By primary key. One that belongs to another shard is enough to know. */
const owned = (within: string) => `
  SELECT COUNT(*) AS fences, MIN(CASE WHEN mode = 'foreign' THEN ${FOREIGN} END) AS other
  FROM ring_fence WHERE ${within}`;

/** The same. Only a shard that does not own all of them is asked which they are. */
const others = (within: string) => `
  SELECT ${FOREIGN} AS other FROM ring_fence WHERE mode = 'foreign' AND (${within})`;

/**
 * The end of a read, on its connection: what was read is as new as it should be if the shard owns the slots now.
 * @throws SlotRefusedError when it does not; FencesMissingError when it does not say
 */
export async function assertOwned(
  manager: EntityManager,
  shard: string,
  keys: readonly string[],
): Promise<void> {
  const slots = [...new Set(keys.map(slotOf))];
  if (slots.length > 0) await refuse(manager, shard, slots.length, ['slot IN (?)', [slots]]);
}

/** The same of all slots of the ranges, which do not overlap. */
export async function assertOwnedRanges(
  manager: EntityManager,
  shard: string,
  ranges: readonly SlotRange[],
): Promise<void> {
  if (ranges.length === 0) return;
  const within = ranges.map(() => 'slot BETWEEN ? AND ?').join(' OR ');
  const slots = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  await refuse(manager, shard, slots, [within, ranges.flatMap(({ from, to }) => [from, to])]);
}

async function refuse(
  manager: EntityManager,
  shard: string,
  slots: number,
  [within, parameters]: [string, unknown[]],
): Promise<void> {
  const [found] = await manager.query<Owned[]>(owned(within), parameters).catch((error: unknown) => {
    throw isMissingTable(error) ? new FencesMissingError(shard, error) : error;
  });
  if (typeof found?.other === 'string') {
    const all = await manager.query<{ other: string }[]>(others(within), parameters);
    const texts = new Set([found.other, ...all.map(({ other }) => other)]);
    throw new SlotRefusedError(
      shard,
      Array.from(texts, (text) => ({ fence: foreignFence(text), overdue: false })),
    );
  }
  if (Number(found?.fences) < slots) throw new FencesMissingError(shard);
}

function foreignFence(text: string): Fence {
  const [slot, owner = '', epoch] = text.split(' ');
  return { slot: Number(slot), owner, epoch: Number(epoch), mode: 'foreign' };
}
