import type { Topology } from '../topology.js';
import { SlotTable } from './slot-table.js';

/** A slot that keeps shards uneven wherever it is: slots are not split. */
export interface OverfullSlot {
  slot: number;
  shard: string;
  rows: number;
  /** Of all rows, 0–1. */
  share: number;
}

const MOST = 10;

/** Those with more rows than the shard of the greatest weight should have, the fullest first, up to ten. */
export function overfullSlots(topology: Topology, rowsBySlot: readonly number[]): OverfullSlot[] {
  const weights = topology.shards.filter(({ state }) => state === 'active').map(({ weight }) => weight);
  const all = rowsBySlot.reduce((sum, rows) => sum + rows, 0);
  const largest = (all * Math.max(...weights)) / weights.reduce((sum, weight) => sum + weight, 0);
  const table = new SlotTable(topology.slots);
  return Array.from(rowsBySlot.entries())
    .filter(([, rows]) => rows > largest)
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST)
    .map(([slot, rows]) => ({ slot, shard: table.ownerOf(slot), rows, share: rows / all }));
}
