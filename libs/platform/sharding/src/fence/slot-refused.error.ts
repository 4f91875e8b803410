import type { Fence } from './fence.js';

/**
 * A fence refused a write before anything was written. Never leaves the library: the write is tried again where the slot
 * belongs, until its deadline.
 */
export class SlotRefusedError extends Error {
  constructor(
    readonly shard: string,
    readonly fence: Fence,
    /** A frozen slot whose time is over: any writer may thaw it. */
    readonly overdue: boolean,
  ) {
    super(`${shard} refuses writes of slot ${fence.slot}, which is ${fence.mode} there`);
  }
}
