import type { SlotRange } from './fence.js';

/** One write of a slot in mode `capture`: all rows of `key`, in every sharded table, may differ from before. */
export interface CapturedKey {
  readonly id: string;
  readonly slot: number;
  readonly key: string;
  readonly epoch: number;
}

/**
 * The keys that were written while their slots were in mode `capture` (`ring_log`). A key is read anew at its owner after
 * its entry was read, applied, and the entry taken away after that: a write in between has an entry of its own. Every
 * method throws ShardUnavailableError.
 */
export interface CaptureLog {
  /** Up to `limit` entries of the range, oldest first within a slot. One key may have several. */
  pending(shard: string, range: SlotRange, limit: number): Promise<CapturedKey[]>;
  /** How many entries there are. */
  backlog(shard: string, range: SlotRange): Promise<number>;
  /** Takes away what has been applied. Repeatable. */
  forget(shard: string, ids: readonly string[]): Promise<void>;
}
