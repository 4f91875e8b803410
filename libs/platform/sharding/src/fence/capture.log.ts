import type { ShardRegistry } from '../routing/shard.registry.js';
import { ALL_SLOTS, type SlotRange } from '../ring/slot.js';
import { FenceConflictError, IDLE_SECONDS } from './shard.fences.js';

/** One write of a slot in mode `capture`: all rows of `key`, in every sharded table, may differ from before. */
export interface CapturedKey {
  readonly id: string;
  readonly slot: number;
  readonly key: string;
  readonly epoch: number;
}

/** By ring_log_slot, in its order. */
const PENDING = `
  SELECT id, slot, shard_key AS \`key\`, epoch FROM ring_log
  WHERE slot BETWEEN ? AND ? ORDER BY slot, id LIMIT ?`;

/** By ring_log_slot. */
const SLOTS = 'SELECT DISTINCT slot FROM ring_log WHERE slot BETWEEN ? AND ?';

const BACKLOG = 'SELECT COUNT(*) AS entries FROM ring_log WHERE slot BETWEEN ? AND ?';

/** By primary key. A coordinator that was overtaken deletes no entry that its successor has not applied. */
const FORGET = `
  DELETE FROM ring_log WHERE id IN (?)
    AND EXISTS (SELECT 1 FROM ring_fence WHERE ring_fence.slot = ring_log.slot AND ring_fence.token = ?)`;

/**
 * The keys that were written while their slots were in mode `capture` (`ring_log`). A key is read anew at its owner after
 * its entry was read, applied, and the entry taken away after that: a write in between has an entry of its own. Every
 * method throws ShardUnavailableError.
 */
export class CaptureLog {
  constructor(private readonly registry: ShardRegistry) {}

  /** Up to `limit` entries of the range, oldest first within a slot. One key may have several. */
  async pending(shard: string, { from, to }: SlotRange, limit: number): Promise<CapturedKey[]> {
    return this.registry.run(
      shard,
      (runner) => runner.query(PENDING, [from, to, limit]) as Promise<CapturedKey[]>,
    );
  }

  /** The slots that have entries, each once. */
  async slots(shard: string, { from, to }: SlotRange): Promise<number[]> {
    const rows = await this.registry.run(
      shard,
      (runner) => runner.query(SLOTS, [from, to]) as Promise<{ slot: number }[]>,
    );
    return rows.map(({ slot }) => Number(slot));
  }

  /** How many entries there are. */
  async backlog(shard: string, { from, to } = ALL_SLOTS, deadlineMs?: number): Promise<number> {
    const [row] = await this.registry.run(
      shard,
      (runner) => runner.query(BACKLOG, [from, to]) as Promise<{ entries: unknown }[]>,
      deadlineMs,
    );
    return Number(row?.entries);
  }

  /**
   * Takes away what has been applied.
   * @param token in the fences of the entries' slots
   * @throws FenceConflictError when not all of them were there under that token
   */
  async forget(shard: string, ids: readonly string[], token: number): Promise<void> {
    if (ids.length === 0) return;
    const { affectedRows } = await this.registry.transaction(
      shard,
      (manager) => manager.query<{ affectedRows: number }>(FORGET, [ids, token]),
      { idleSeconds: IDLE_SECONDS },
    );
    if (affectedRows === ids.length) return;
    throw new FenceConflictError(`${shard} has log entries that are not coordinator ${token}'s to delete`);
  }
}
