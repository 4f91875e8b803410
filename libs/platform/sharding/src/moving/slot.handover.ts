import type { Fence } from '../fence/fence.js';
import type { ShardFences } from '../fence/shard.fences.js';
import { appError } from '@fourfold/kernel';
import type { LogDrain } from './log.drain.js';
import type { MoveBatch } from './migration-plan.js';
import type { RowMover } from './row.mover.js';

/** Rows are not the same on both shards although nothing waits in the log. */
export class SlotsDifferError extends appError('slots-differ', 409, 'Copied slots differ') {
  constructor(
    readonly batch: MoveBatch,
    readonly slots: readonly number[],
  ) {
    super(`Slots ${slots.join(', ')} are not the same on ${batch.donor} and ${batch.receiver}`);
  }
}

/** A batch could not be emptied of writes within the budget of a freeze: it was thawed. */
export class FreezeTooLongError extends appError('freeze-too-long', 503, 'Slots can’t be frozen') {}

const ADOPT_DEADLINE_MS = 5_000;
/** Of a batch, before it is frozen: the rest is applied while it is. */
const FEW_ENTRIES = 20;

interface HandoverOptions {
  token: number;
  /** Of the topology that will say who the owner is. */
  epoch: number;
  freezeMs: number;
  assertTables: (batch: MoveBatch) => Promise<void>;
}

/**
 * Gives the slots of a batch from the shard that has them to the other. The change of the giver's fences from frozen to
 * foreign is the point of no return: a thaw changes the same rows, so one of the two finds them changed. Each part is
 * repeatable, and a coordinator that takes over goes on where the fences say it was.
 */
export class SlotHandover {
  constructor(
    private readonly fences: ShardFences,
    private readonly drain: LogDrain,
    private readonly rows: RowMover,
  ) {}

  /**
   * @param back from the receiver to the donor
   * @returns how long writes were refused, in ms
   * @throws FenceConflictError, ShardUnavailableError, SlotsDifferError, FreezeTooLongError: the slots are still the
   *   giver's, which is thawed, unless a receiver that is away was to be opened
   */
  async hand(batch: MoveBatch, back: boolean, options: HandoverOptions): Promise<number> {
    const [giver, taker] = back ? [batch.receiver, batch.donor] : [batch.donor, batch.receiver];
    const startedAt = performance.now();
    const { token, epoch, freezeMs } = options;
    if (!(await this.has(giver, batch, token))) {
      await this.open(taker, batch, options);
      return performance.now() - startedAt;
    }
    await options.assertTables(batch);
    if (!(await this.drain.drain([batch], { token, back, range: batch, few: FEW_ENTRIES })))
      throw new FreezeTooLongError('Writes come faster than they are applied');
    const frozenAt = performance.now();
    const common = { range: batch, token, deadlineMs: freezeMs };
    try {
      await this.fences.change(giver, {
        ...common,
        from: ['capture', 'frozen'],
        to: { mode: 'frozen' },
        thawAfterMs: freezeMs,
      });
      if (!(await this.drain.drain([batch], { token, back, range: batch })))
        throw new FreezeTooLongError('The log is not empty while frozen');
      const differing = await this.rows.differences({ source: giver, target: taker }, batch);
      if (differing.length > 0) throw new SlotsDifferError(batch, differing);
      const to = { mode: 'foreign' as const, owner: taker, epoch };
      await this.fences.change(giver, { ...common, from: ['frozen'], to });
    } catch (error) {
      const frozenMs = performance.now() - frozenAt;
      await this.thaw(giver, batch, token);
      if (error instanceof SlotsDifferError || error instanceof FreezeTooLongError || frozenMs < freezeMs)
        throw error;
      // A write that held a fence, or a writer that thawed a slot whose time was over.
      throw new FreezeTooLongError(`Not done within ${freezeMs} ms: ${(error as Error).message}`, {
        cause: error,
      });
    }
    await this.take(taker, batch, options);
    return performance.now() - frozenAt;
  }

  private async thaw(shard: string, batch: MoveBatch, token: number): Promise<void> {
    const fences = await this.fences.read(shard, batch);
    // To lock fences that are not frozen would keep writers waiting behind the write that was too long.
    if (fences.every(({ mode }) => mode !== 'frozen')) return;
    const thawed = { range: batch, from: ['frozen', 'capture'] as const, to: { mode: 'capture' as const } };
    await this.fences.change(shard, { ...thawed, token, deadlineMs: 5_000 });
  }

  /** Of slots that were given away before: it may have been done already. */
  private async open(shard: string, batch: MoveBatch, options: HandoverOptions): Promise<void> {
    if (!(await this.has(shard, batch, options.token))) await this.take(shard, batch, options);
  }

  private take(shard: string, batch: MoveBatch, { token, epoch }: HandoverOptions): Promise<void> {
    const to = { mode: 'capture' as const, owner: shard, epoch };
    return this.fences.change(shard, { range: batch, from: ['foreign'], to, token, deadlineMs: 5_000 });
  }

  /** That a shard has given its slots away is believed once no change of its fences is under way. */
  private async has(shard: string, batch: MoveBatch, token: number): Promise<boolean> {
    const isOwn = ({ mode }: Fence) => mode !== 'foreign';
    if ((await this.fences.read(shard, batch)).every(isOwn)) return true;
    return (await this.fences.adopt(shard, batch, token, ADOPT_DEADLINE_MS)).every(isOwn);
  }
}
