import type { CaptureLog } from '../fence/capture.log.js';
import { FenceConflictError } from '../fence/shard.fences.js';
import { ALL_SLOTS, type SlotRange } from '../ring/slot.js';
import type { MoveBatch } from './migration-plan.js';
import type { RowMover } from './row.mover.js';

const MOST_ENTRIES = 500;

/** Carries what was captured on the one side of the batches to the other. */
export class LogDrain {
  constructor(
    private readonly log: CaptureLog,
    private readonly rows: RowMover,
  ) {}

  /**
   * Applies the entries that are there now, and those that come meanwhile, until a round finds few or `rounds` are over.
   * @param back from the receivers to the donors
   * @param few that a last round may find: of slots that are written all the time the log is never empty. Default 0
   * @returns whether it came so far: what is left are the few of a round's time
   */
  async drain(
    batches: readonly MoveBatch[],
    { token, back = false, range = ALL_SLOTS, rounds = 20, few = 0 }: DrainOptions,
  ): Promise<boolean> {
    const sources = new Set(batches.map(({ donor, receiver }) => (back ? receiver : donor)));
    const empty = await Promise.all(
      Array.from(sources, (source) => this.drainOne(source, batches, { token, back, range, rounds, few })),
    );
    return empty.every(Boolean);
  }

  /** The slots of entries that wait. */
  async written(shard: string, range: SlotRange): Promise<ReadonlySet<number>> {
    return new Set(await this.log.slots(shard, range));
  }

  /** Of slots whose writes are not captured any more: nothing comes meanwhile. */
  async forget(shard: string, range: SlotRange, token: number): Promise<void> {
    for (;;) {
      const entries = await this.log.pending(shard, range, MOST_ENTRIES);
      if (entries.length === 0) return;
      await this.log.forget(
        shard,
        entries.map(({ id }) => id),
        token,
      );
    }
  }

  private async drainOne(
    source: string,
    batches: readonly MoveBatch[],
    { token, back, range, rounds, few }: Required<DrainOptions>,
  ): Promise<boolean> {
    for (let round = 0; round < rounds; round += 1) {
      const entries = await this.log.pending(source, range, MOST_ENTRIES);
      if (entries.length === 0) return true;
      const targetOf = (slot: number) => {
        const batch = batches.find(
          ({ from, to, donor, receiver }) =>
            slot >= from && slot <= to && (back ? receiver : donor) === source,
        );
        return batch && (back ? batch.donor : batch.receiver);
      };
      for (const [target, own] of Map.groupBy(entries, ({ slot }) => targetOf(slot))) {
        if (target === undefined)
          throw new FenceConflictError(
            `${source} has log entries of slot ${own[0]!.slot}, which does not move`,
          );
        await this.rows.apply({ source, target, token }, own);
        await this.log.forget(
          source,
          own.map(({ id }) => id),
          token,
        );
      }
      if (entries.length <= few) return true;
    }
    return false;
  }
}

interface DrainOptions {
  token: number;
  back?: boolean;
  range?: SlotRange;
  rounds?: number;
  few?: number;
}
