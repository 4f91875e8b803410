import type { Topology } from '../../topology/topology.document.js';
import { SLOT_COUNT } from '../slot.js';
import type { SlotTable } from './slot-table.js';

/** Evener than this is not worth a move: counts have changed before the plan is carried out. */
const EVEN_ENOUGH = 1.01;

interface Load {
  name: string;
  weight: number;
  rows: number;
  /** Own slots that hold rows, the fullest first. */
  slots: number[];
}

/**
 * Moves slots from the fullest shard to the emptiest, in proportion to their weights, until they are even or no slot is
 * small enough to help: a single slot that is fuller than all others can't be split. Each step moves the fullest slot
 * that does not overshoot, so few move; no row moves twice, because nobody crosses the mean.
 */
export function levelRows(table: SlotTable, shards: Topology['shards'], rowsBySlot: readonly number[]): void {
  const byFullness = Array.from({ length: SLOT_COUNT }, (_, slot) => slot)
    .filter((slot) => rowsBySlot[slot]! > 0)
    .sort((a, b) => rowsBySlot[b]! - rowsBySlot[a]! || a - b);
  const loads = shards.map(({ name, weight }): Load => {
    const slots = byFullness.filter((slot) => table.ownerOf(slot) === name);
    return { name, weight, slots, rows: slots.reduce((sum, slot) => sum + rowsBySlot[slot]!, 0) };
  });
  const rows = loads.reduce((sum, load) => sum + load.rows, 0);
  const perWeight = rows / loads.reduce((sum, { weight }) => sum + weight, 0);

  for (;;) {
    const ordered = loads.toSorted((a, b) => a.rows / a.weight - b.rows / b.weight);
    const receiver = ordered[0]!;
    const donor = ordered.at(-1)!;
    if (donor.rows / donor.weight <= (receiver.rows / receiver.weight) * EVEN_ENOUGH) return;
    const room = Math.min(donor.rows - donor.weight * perWeight, receiver.weight * perWeight - receiver.rows);
    const at = donor.slots.findIndex((slot) => rowsBySlot[slot]! <= room);
    if (at === -1) return;
    const [slot] = donor.slots.splice(at, 1) as [number];
    donor.rows -= rowsBySlot[slot]!;
    receiver.rows += rowsBySlot[slot]!;
    receiver.slots.push(slot);
    table.give(slot, slot, receiver.name);
  }
}
