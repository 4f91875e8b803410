import type { Topology } from '../topology.js';
import { MIN_SLOTS_PER_SHARD, SLOT_COUNT } from '../slot.js';
import type { SlotTable } from './slot-table.js';

/** Evener than this is not worth a move: counts have changed before the plan is carried out. */
const EVEN_ENOUGH = 1.01;

interface Load {
  name: string;
  weight: number;
  rows: number;
  slotCount: number;
  /** Own slots that hold rows, the fullest first. */
  slots: number[];
}

/**
 * Moves slots from the fullest shard to the emptier ones, in proportion to their weights, until they are even. Each step
 * moves the fullest slot that does not overshoot, so few move; no row moves twice, because no shard crosses the mean. A
 * shard that can give no more is left as it is, and the others are levelled among themselves: a single slot that is
 * fuller than a shard should be can't be split, and no shard is left with fewer than 150 slots.
 * @param maxRows moves no more rows than these: of the fullest shards first
 */
export function levelRows(
  table: SlotTable,
  shards: Topology['shards'],
  rowsBySlot: readonly number[],
  maxRows = Infinity,
): void {
  let left = maxRows;
  let loads = loadsOf(table, shards, rowsBySlot).sort(byFullness);
  while (loads.length > 1) {
    const emptiest = loads[0]!;
    const donor = loads.at(-1)!;
    if (donor.rows / donor.weight <= (emptiest.rows / emptiest.weight) * EVEN_ENOUGH) return;
    const move = moveFrom(donor, loads, rowsBySlot, left);
    if (move === undefined) {
      loads = loads.slice(0, -1);
      continue;
    }
    const [slot] = donor.slots.splice(move.at, 1) as [number];
    const { receiver } = move;
    left -= rowsBySlot[slot]!;
    donor.rows -= rowsBySlot[slot]!;
    donor.slotCount -= 1;
    receiver.rows += rowsBySlot[slot]!;
    receiver.slotCount += 1;
    // No shard gives it on: its receiver is below the mean and stays there.
    table.give(slot, slot, receiver.name);
    loads.sort(byFullness);
  }
}

function loadsOf(table: SlotTable, shards: Topology['shards'], rowsBySlot: readonly number[]): Load[] {
  const full = Array.from({ length: SLOT_COUNT }, (_, slot) => slot)
    .filter((slot) => rowsBySlot[slot]! > 0)
    .sort((a, b) => rowsBySlot[b]! - rowsBySlot[a]! || a - b);
  const counts = table.counts();
  return shards.map(({ name, weight }) => {
    const slots = full.filter((slot) => table.ownerOf(slot) === name);
    const rows = slots.reduce((sum, slot) => sum + rowsBySlot[slot]!, 0);
    return { name, weight, slots, rows, slotCount: counts.get(name) ?? 0 };
  });
}

/** @returns the slot to move and its receiver, the emptiest shard that a slot fits; undefined when none fits */
function moveFrom(
  donor: Load,
  loads: readonly Load[],
  rowsBySlot: readonly number[],
  most: number,
): { at: number; receiver: Load } | undefined {
  if (donor.slotCount <= MIN_SLOTS_PER_SHARD) return undefined;
  const mean = sumOf(loads, 'rows') / sumOf(loads, 'weight');
  const surplus = donor.rows - donor.weight * mean;
  for (const receiver of loads) {
    const room = Math.min(most, surplus, receiver.weight * mean - receiver.rows);
    if (room <= 0) continue;
    const at = donor.slots.findIndex((slot) => rowsBySlot[slot]! <= room);
    if (at !== -1) return { at, receiver };
  }
  return undefined;
}

function sumOf(loads: readonly Load[], figure: 'rows' | 'weight'): number {
  return loads.reduce((sum, load) => sum + load[figure], 0);
}

function byFullness(a: Load, b: Load): number {
  return a.rows / a.weight - b.rows / b.weight;
}
