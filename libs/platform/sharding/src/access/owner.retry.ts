import { currentBudget } from '@fourfold/observability/request-context';
import { counter, startAtZero } from '@fourfold/observability/metrics';
import { setTimeout as pause } from 'node:timers/promises';
import { thaw } from '../fence/pass-fences.js';
import { SlotRefusedError } from '../fence/slot-refused.error.js';
import type { Location } from '../ring/hash-ring.js';
import { slotOf } from '../ring/slot.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import type { CurrentTopology } from '../topology/current-topology.js';
import { Owners } from './owners.js';

/** Between two attempts, at least and at most: a hand-off takes milliseconds. */
const PAUSE_MS = { least: 5, most: 20 };
/** With less than this left no attempt is begun: it would be cut off, and it would not be known what it had done. */
const LEAST_LEFT_MS = 50;

/**
 * Finds the shards that own keys. A fence that refuses is believed before the topology: one that is newer names the new
 * owner, which is tried at once; else the topology is looked up, and the call is tried again until its deadline.
 */
export class OwnerRetry {
  private readonly refusals = counter({
    name: 'shard_fence_refusals_total',
    help: 'Reads and writes that a fence refused and that were tried again: frozen for a hand-off, or foreign to the shard',
    labelNames: ['mode'],
  });

  /** @param lookUp asks the database for the topology; never rejects */
  constructor(
    private readonly topology: CurrentTopology,
    private readonly registry: ShardRegistry,
    private readonly lookUp: () => Promise<void>,
  ) {
    startAtZero(this.refusals, { mode: ['frozen', 'foreign'] });
  }

  /**
   * @param attempt reads or writes at the location, within the milliseconds that are left
   * @throws ShardUnavailableError (`moving`) when no shard took it in time; what `attempt` throws otherwise
   */
  run<T>(key: string, deadlineMs: number, attempt: (at: Location, leftMs: number) => Promise<T>): Promise<T> {
    const slot = slotOf(key);
    return this.again(deadlineMs, (leftMs, owners) => attempt({ slot, shard: owners.ownerOf(slot) }, leftMs));
  }

  /** The same of several shards. @param attempt goes by the owners as they are known at its beginning */
  async again<T>(deadlineMs: number, attempt: (leftMs: number, owners: Owners) => Promise<T>): Promise<T> {
    const endsMs = performance.now() + deadlineMs;
    // To begin with to the millisecond what was asked for: a connection is told each new limit in a statement.
    let leftMs = deadlineMs;
    const owners = new Owners(this.topology, this.registry);
    for (;;) {
      try {
        return await attempt(leftMs, owners);
      } catch (error) {
        if (!(error instanceof SlotRefusedError)) throw error;
        const modes = new Set(error.refused.map(({ fence }) => fence.mode));
        for (const mode of modes) this.refusals.inc({ mode });
        if (modes.has('foreign')) void this.lookUp();
        if (!owners.learn(error)) await this.waitFor(error, endsMs);
        leftMs = Math.ceil(endsMs - performance.now());
      }
    }
  }

  private async waitFor(error: SlotRefusedError, endsMs: number): Promise<void> {
    const { shard, refused } = error;
    const pauseMs = PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least);
    if (performance.now() + pauseMs + LEAST_LEFT_MS >= endsMs)
      throw new ShardUnavailableError(shard, 'the rows of the key are being moved', error, 'moving');
    const over = currentBudget()?.failure(undefined, `a slot that moves on ${shard}`);
    if (over) throw over;
    const overdue = refused.filter((one) => one.overdue).map(({ fence }) => fence.slot);
    if (overdue.length === 0) return pause(pauseMs);
    const deadlineMs = Math.ceil(endsMs - performance.now());
    await this.registry.transaction(shard, (manager) => thaw(manager, overdue), { deadlineMs });
  }
}
