import type { Fence } from './fence.js';

/** A fence that refuses, as it was met. */
export interface RefusedFence {
  readonly fence: Fence;
  /** A frozen slot whose time is over: any writer may thaw it. */
  readonly overdue: boolean;
}

/**
 * Fences refused a call: a write before anything was written, a read after it. Never leaves the library: the call is
 * tried again where the slots belong, until its deadline.
 */
export class SlotRefusedError extends Error {
  /** @param refused all fences that refuse, of those that were asked; at least one */
  constructor(
    readonly shard: string,
    readonly refused: readonly RefusedFence[],
  ) {
    const slots = refused.map(({ fence: { slot, mode } }) => `slot ${slot}, which is ${mode} there`);
    super(`${shard} refuses ${slots[0]}${slots.length > 1 ? `, and ${slots.length - 1} more` : ''}`);
  }

  /** What it says of one slot; undefined where that one did not refuse. */
  of(slot: number): SlotRefusedError | undefined {
    const own = this.refused.find(({ fence }) => fence.slot === slot);
    return own && new SlotRefusedError(this.shard, [own]);
  }
}
