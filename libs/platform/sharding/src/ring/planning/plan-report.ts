import type { Topology } from '../topology.js';
import { SLOT_COUNT } from '../slot.js';
import { SlotTable } from './slot-table.js';

export interface ShardReport {
  shard: string;
  /** 0 where the shard is not in the ring, or leaving it. */
  weightBefore: number;
  weightAfter: number;
  slotsBefore: number;
  slotsAfter: number;
  /** Only when rows were counted. */
  rowsBefore?: number;
  rowsAfter?: number;
}

/** What a change moves and how even it leaves the shards: by rows when they were counted, else by slots. */
export interface PlanReport {
  slotsMoved: number;
  /** Part of all data that moves, 0–1. */
  shareMoved: number;
  /** Largest to smallest holding, each in proportion to its weight; 1 is even, `null` when one holds nothing. */
  balanceBefore: number | null;
  balanceAfter: number | null;
  shards: ShardReport[];
}

export function reportOf(before: Topology, after: Topology, rowsBySlot?: readonly number[]): PlanReport {
  const holdings = [before, after].map((topology) => holdingsOf(topology, rowsBySlot));
  const [old, next] = holdings as [Holdings, Holdings];
  const names = new Set([...before.shards, ...after.shards].map(({ name }) => name));
  const owners = [before, after].map(({ slots }) => new SlotTable(slots));
  let [slotsMoved, moved, all] = [0, 0, 0];
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const size = rowsBySlot?.[slot] ?? 1;
    all += size;
    if (owners[0]!.ownerOf(slot) === owners[1]!.ownerOf(slot)) continue;
    slotsMoved += 1;
    moved += size;
  }
  return {
    slotsMoved,
    shareMoved: all === 0 ? 0 : moved / all,
    balanceBefore: balanceOf(old),
    balanceAfter: balanceOf(next),
    shards: Array.from(names, (shard) => ({
      shard,
      weightBefore: old.get(shard)?.weight ?? 0,
      weightAfter: next.get(shard)?.weight ?? 0,
      slotsBefore: old.get(shard)?.slots ?? 0,
      slotsAfter: next.get(shard)?.slots ?? 0,
      ...(rowsBySlot && {
        rowsBefore: old.get(shard)?.size ?? 0,
        rowsAfter: next.get(shard)?.size ?? 0,
      }),
    })),
  };
}

/** `size` is rows, or slots where rows were not counted. */
type Holdings = Map<string, { weight: number; slots: number; size: number }>;

function holdingsOf({ shards, slots }: Topology, rowsBySlot?: readonly number[]): Holdings {
  const holdings: Holdings = new Map(
    shards.map(({ name, state, weight }) => [
      name,
      { weight: state === 'active' ? weight : 0, slots: 0, size: 0 },
    ]),
  );
  for (const { from, to, shard } of slots) {
    const own = holdings.get(shard)!;
    own.slots += to - from + 1;
    for (let slot = from; slot <= to; slot++) own.size += rowsBySlot?.[slot] ?? 1;
  }
  return holdings;
}

function balanceOf(holdings: Holdings): number | null {
  const loads = [...holdings.values()]
    .filter(({ weight }) => weight > 0)
    .map(({ size, weight }) => size / weight);
  const least = Math.min(...loads);
  return least === 0 ? null : Math.max(...loads) / least;
}
