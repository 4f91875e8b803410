import { isMissingTable } from '@fourfold/db-routing';
import type { EntityManager } from 'typeorm';
import { slotOf } from '../ring/slot.js';
import { type Fence, type FenceMode, modesThatPass } from './fence.js';
import { FencesMissingError } from './fences-missing.error.js';
import { SlotRefusedError } from './slot-refused.error.js';

type FoundFence = Fence & { readonly overdue: boolean };

/**
 * By primary key, in its order. MySQL knows this spelling beside FOR SHARE; MariaDB knows no other. The lock ends with the
 * transaction, so a coordinator that changes the fence waits for it. One short column is a quarter cheaper than five.
 */
const LOCK_FENCES = `
  SELECT CONCAT_WS(' ', slot, owner, epoch, mode, frozen_until < UTC_TIMESTAMP(3)) AS fence
  FROM ring_fence WHERE slot IN (?) ORDER BY slot LOCK IN SHARE MODE`;

const CAPTURE = 'INSERT INTO ring_log (slot, shard_key, epoch) VALUES ?';

/** Conditional: the coordinator may have handed a slot off, or frozen it anew, meanwhile. By primary key. */
const THAW = `
  UPDATE ring_fence SET mode = 'capture', frozen_until = NULL
  WHERE slot IN (?) AND mode = 'frozen' AND frozen_until < UTC_TIMESTAMP(3)`;

/**
 * The beginning of each write: holds the fences of the keys' slots until its transaction ends, and leaves the keys of
 * slots in mode `capture` in the log.
 * @throws SlotRefusedError naming the slots that the shard may not write now; FencesMissingError
 */
export async function passFences(
  manager: EntityManager,
  shard: string,
  keys: readonly string[],
): Promise<void> {
  const slots = new Map(keys.map((key) => [key, slotOf(key)]));
  const fences = await lockFences(manager, shard, [...new Set(slots.values())]);
  const refused = Array.from(fences.values(), ({ overdue, ...fence }) => ({ fence, overdue })).filter(
    ({ fence }) => !modesThatPass.has(fence.mode),
  );
  if (refused.length > 0) throw new SlotRefusedError(shard, refused);
  const captured = Array.from(slots, ([key, slot]) => ({ key, ...fences.get(slot)! }));
  const rows = captured.filter(({ mode }) => mode === 'capture');
  if (rows.length > 0) await manager.query(CAPTURE, [rows.map(({ slot, key, epoch }) => [slot, key, epoch])]);
}

/** Puts slots whose freeze is over back to `capture`. Harmless where that is not so. */
export async function thaw(manager: EntityManager, slots: readonly number[]): Promise<void> {
  await manager.query(THAW, [slots]);
}

async function lockFences(
  manager: EntityManager,
  shard: string,
  slots: readonly number[],
): Promise<Map<number, FoundFence>> {
  let found: { fence: string }[];
  try {
    found = await manager.query<{ fence: string }[]>(LOCK_FENCES, [slots]);
  } catch (error) {
    if (isMissingTable(error)) throw new FencesMissingError(shard, error);
    throw error;
  }
  if (found.length < slots.length) throw new FencesMissingError(shard);
  return new Map(found.map(({ fence }) => fenceOf(fence)).map((fence) => [fence.slot, fence]));
}

function fenceOf(text: string): FoundFence {
  const [slot, owner = '', epoch, mode, overdue] = text.split(' ');
  return {
    slot: Number(slot),
    owner,
    epoch: Number(epoch),
    mode: mode as FenceMode,
    overdue: overdue === '1',
  };
}
