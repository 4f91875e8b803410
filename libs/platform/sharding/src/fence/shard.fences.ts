import { appError } from '@fourfold/kernel';
import type { EntityManager } from 'typeorm';
import type { ShardRegistry } from '../routing/shard.registry.js';
import type { SlotRange } from '../ring/slot.js';
import type { Fence, FenceMode } from './fence.js';

export interface FenceChange {
  readonly range: SlotRange;
  /** The modes that each fence of the range may have now; one that is as `to` says already only gets the token. */
  readonly from: readonly FenceMode[];
  /** What is not named stays as it is. */
  readonly to: Partial<Omit<Fence, 'slot'>> & Pick<Fence, 'mode'>;
  /** Of the coordinator: a fence that was changed with a higher token is not changed. */
  readonly token: number;
  /** With mode `frozen`: so long after the call any writer thaws the slot, back to `capture`. */
  readonly thawAfterMs?: number;
  /**
   * How long the change may wait for the writes under way; new writes of these slots wait behind it meanwhile. When it is
   * over nothing has been changed (ShardUnavailableError, fault `late`).
   */
  readonly deadlineMs: number;
}

/** A fence is not as the coordinator takes it to be: another one has the migration now, or a freeze ran out. */
export class FenceConflictError extends appError('fence-conflict', 409, 'Fence changed meanwhile') {}

/** Writers wait for the locks of a coordinator: one that stands still between two statements loses its connection. */
export const IDLE_SECONDS = 2;

type StoredFence = Fence & { readonly token: string };

const READ = 'SELECT slot, owner, epoch, mode FROM ring_fence WHERE slot BETWEEN ? AND ? ORDER BY slot';

/** Waits for the writes that hold a fence, in the order in which they lock theirs. */
const LOCK = `
  SELECT slot, owner, epoch, mode, token FROM ring_fence
  WHERE slot BETWEEN ? AND ? ORDER BY slot FOR UPDATE`;

const CHANGE = `
  UPDATE ring_fence SET owner = COALESCE(?, owner), epoch = COALESCE(?, epoch), mode = ?, token = ?,
    frozen_until = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
  WHERE slot BETWEEN ? AND ?`;

const ADOPT = 'UPDATE ring_fence SET token = ? WHERE slot BETWEEN ? AND ?';

/** The fences of each shard, for the coordinator of a migration. Every method throws ShardUnavailableError. */
export class ShardFences {
  constructor(private readonly registry: ShardRegistry) {}

  /** The fences of `range` that the shard has, by slot, without a lock. */
  async read(shard: string, { from, to }: SlotRange): Promise<Fence[]> {
    return this.registry.run(shard, (runner) => runner.query(READ, [from, to]) as Promise<Fence[]>);
  }

  /**
   * Changes all fences of the range in one transaction, or none. When it resolves, every write that passed the old fences
   * has ended, and each one from here on meets the new ones. Repeating a change that has been made resolves.
   * @throws FenceConflictError when a fence is missing, has none of the modes `from`, or has a higher token
   */
  async change(shard: string, change: FenceChange): Promise<void> {
    const { range, from, to, token, thawAfterMs, deadlineMs } = change;
    const isDone = (fence: StoredFence) =>
      fence.mode === to.mode &&
      fence.owner === (to.owner ?? fence.owner) &&
      fence.epoch === (to.epoch ?? fence.epoch);
    const allowed = (fence: StoredFence) => from.includes(fence.mode) || isDone(fence);
    const startedAt = performance.now();
    // Writers have stood behind the change since it was called.
    const thawAfter = () =>
      thawAfterMs === undefined
        ? null
        : Math.round(Math.max(0, thawAfterMs - (performance.now() - startedAt)) * 1_000);
    await this.locked(shard, { range, token, deadlineMs, allowed }, (manager) =>
      manager.query(CHANGE, [
        to.owner ?? null,
        to.epoch ?? null,
        to.mode,
        token,
        thawAfter(),
        range.from,
        range.to,
      ]),
    );
  }

  /**
   * Takes the fences over from the coordinator before, whatever their modes: what that one has under way on the shard has
   * ended when this resolves, and it can begin nothing more.
   * @returns the fences as they are then, by slot
   * @throws FenceConflictError when a fence is missing or has a higher token
   */
  async adopt(shard: string, range: SlotRange, token: number, deadlineMs: number): Promise<readonly Fence[]> {
    return this.locked(shard, { range, token, deadlineMs, allowed: () => true }, (manager) =>
      manager.query(ADOPT, [token, range.from, range.to]),
    );
  }

  private async locked(
    shard: string,
    {
      range: { from, to },
      token,
      deadlineMs,
      allowed,
    }: Pick<FenceChange, 'range' | 'token' | 'deadlineMs'> & { allowed: (fence: StoredFence) => boolean },
    change: (manager: EntityManager) => Promise<unknown>,
  ): Promise<readonly Fence[]> {
    const work = async (manager: EntityManager) => {
      const fences = await manager.query<StoredFence[]>(LOCK, [from, to]);
      if (fences.length !== to - from + 1)
        throw new FenceConflictError(`${shard} has no fences of some slots of ${from}–${to}`);
      const newer = fences.find((fence) => BigInt(fence.token) > BigInt(token));
      if (newer)
        throw new FenceConflictError(
          `Slot ${newer.slot} on ${shard} has been taken over by coordinator ${newer.token}, not ${token}`,
        );
      const other = fences.find((fence) => !allowed(fence));
      if (other)
        throw new FenceConflictError(
          `Slot ${other.slot} on ${shard} is ${other.mode} of ${other.owner} at epoch ${other.epoch}`,
        );
      await change(manager);
      return fences;
    };
    return this.registry.transaction(shard, work, { deadlineMs, idleSeconds: IDLE_SECONDS });
  }
}
