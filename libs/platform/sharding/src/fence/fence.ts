/**
 * What a shard does with a slot. `open`: it owns the slot, and writes pass. `capture`: the same, and each write leaves its
 * key in `ring_log`. `frozen`: it owns the slot, and writes are refused until the hand-off or `frozen_until`. `foreign`:
 * another shard owns the slot.
 */
export const fenceModes = ['open', 'capture', 'frozen', 'foreign'] as const;
export type FenceMode = (typeof fenceModes)[number];

export const modesThatPass: ReadonlySet<FenceMode> = new Set(['open', 'capture']);

/** A row of `ring_fence` on one shard. */
export interface Fence {
  readonly slot: number;
  /** This shard, or, of a foreign slot, the one that owned it at `epoch`. */
  readonly owner: string;
  /** Of the topology in which `owner` has the slot. */
  readonly epoch: number;
  readonly mode: FenceMode;
}

export type { SlotRange } from '../ring/slot.js';
