import { counter, startAtZero } from '@fourfold/observability/metrics';
import { setTimeout as pause } from 'node:timers/promises';
import { thaw } from '../fence/pass-fences.js';
import { SlotRefusedError } from '../fence/slot-refused.error.js';
import type { Location } from '../ring/hash-ring.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import type { CurrentTopology } from '../topology/current-topology.js';

/** Between two attempts, at least and at most: a hand-off takes milliseconds. */
const PAUSE_MS = { least: 5, most: 20 };
/** With less than this left no attempt is begun: it would be cut off, and it would not be known what it had done. */
const LEAST_LEFT_MS = 50;

/**
 * Finds the shard that owns a key. A fence that refuses is believed before the topology: one that is newer names the
 * new owner, which is tried at once; else the topology is looked up, and the call is tried again until its deadline.
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
    return this.again(deadlineMs, (leftMs, redirected) => {
      const { slot, shard } = this.topology.ring.locate(key);
      return attempt({ slot, shard: redirected ?? shard }, leftMs);
    });
  }

  /** The same of several shards. @param attempt goes by the ring that is current at its beginning, or where it is redirected */
  async again<T>(
    deadlineMs: number,
    attempt: (leftMs: number, redirected?: string) => Promise<T>,
  ): Promise<T> {
    const endsMs = performance.now() + deadlineMs;
    // To begin with to the millisecond what was asked for: a connection is told each new limit in a statement.
    let leftMs = deadlineMs;
    let redirected: string | undefined;
    for (;;) {
      try {
        return await attempt(leftMs, redirected);
      } catch (error) {
        if (!(error instanceof SlotRefusedError)) throw error;
        this.refusals.inc({ mode: error.fence.mode });
        redirected = redirected === undefined ? this.newerOwner(error) : undefined;
        if (redirected === undefined) await this.waitFor(error, endsMs);
        leftMs = Math.ceil(endsMs - performance.now());
      }
    }
  }

  /** Where a fence that is newer than the topology says that the slot went. */
  private newerOwner({ fence, shard }: SlotRefusedError): string | undefined {
    if (fence.mode !== 'foreign') return undefined;
    void this.lookUp();
    const { owner, epoch } = fence;
    const isNews = epoch > this.topology.ring.epoch && owner !== shard;
    return isNews && this.registry.names.includes(owner) ? owner : undefined;
  }

  private async waitFor(error: SlotRefusedError, endsMs: number): Promise<void> {
    const { shard, fence, overdue } = error;
    const pauseMs = PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least);
    if (performance.now() + pauseMs + LEAST_LEFT_MS >= endsMs)
      throw new ShardUnavailableError(shard, 'the rows of the key are being moved', error, 'moving');
    if (!overdue) return pause(pauseMs);
    const deadlineMs = Math.ceil(endsMs - performance.now());
    await this.registry.transaction(shard, (manager) => thaw(manager, fence.slot), { deadlineMs });
  }
}
