import type { Fence, FenceMode, SlotRange } from './fence.js';

export interface FenceChange {
  readonly range: SlotRange;
  /** The modes that each fence of the range may have now; one that is as `to` says already is left as it is. */
  readonly from: readonly FenceMode[];
  /** What is not named stays as it is. */
  readonly to: Partial<Omit<Fence, 'slot'>> & Pick<Fence, 'mode'>;
  /** Of the coordinator: a fence that was changed with a higher token is not changed. */
  readonly token: number;
  /** With mode `frozen`: after so long any writer thaws the slot, back to `capture`. */
  readonly thawAfterMs?: number;
  /**
   * How long the change may wait for the writes under way; new writes of these slots wait behind it meanwhile. When it is
   * over nothing has been changed (ShardUnavailableError, fault `late`).
   */
  readonly deadlineMs: number;
}

/** The fences of each shard, for the coordinator of a migration. Every method throws ShardUnavailableError. */
export interface ShardFences {
  /** The fences of `range` that the shard has, by slot, without a lock. */
  read(shard: string, range: SlotRange): Promise<Fence[]>;
  /**
   * Changes all fences of the range in one transaction, or none. When it resolves, every write that passed the old fences
   * has ended, and each one from here on meets the new ones. Repeating a change that has been made resolves.
   * @throws FenceConflictError when a fence is missing, has none of the modes `from`, or has a higher token
   */
  change(shard: string, change: FenceChange): Promise<void>;
}
