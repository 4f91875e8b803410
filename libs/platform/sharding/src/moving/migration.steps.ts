import type { FenceChange } from '../fence/shard.fences.js';
import { BatchCopier } from './batch.copier.js';
import { FencePatience } from './fence-patience.js';
import type { MoveBatch } from './migration-plan.js';
import type { MigrationState } from './migration-state.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import { SlotsDifferError } from './slot.handover.js';
import type { StepTools } from './step-tools.js';
import type { MigrationTask } from './task.store.js';
import { ended, owned } from './topology-steps.js';

/** Of all slots together: so many are applied in a few hundredths of a second. */
const FEW_ENTRIES = 100;
/** That are copied before their number is noted. */
const BATCHES_A_STEP = 12;

/**
 * What a coordinator does in each state: one piece of it a call, to the end of which it can be repeated from the
 * beginning. Each changes `task` as it changes the row.
 */
export class MigrationSteps {
  /** Receivers that could not be cleaned. */
  private readonly leftAlone = new Set<string>();
  private failedCleanings = 0;
  private readonly patience = new FencePatience();

  private readonly batches: BatchCopier;

  constructor(private readonly tools: StepTools) {
    this.batches = new BatchCopier(tools);
  }

  private readonly steps: Readonly<Record<MigrationState, (task: MigrationTask) => Promise<void>>> = {
    // Each coordinator that finds it planned has announced it before its first step.
    planned: (task) => this.tools.tasks.pass(task, 'capture'),
    capture: (task) =>
      this.eachBatch(task, 'copy', async ({ donor, ...range }) => {
        const to = { mode: 'capture' as const };
        await this.change(donor, { range, from: ['open'], to, token: task.token });
      }),
    copy: async (task) => {
      if (task.done === 0 && task.inStateMs < this.tools.options.announceMs)
        await this.tools.rest(this.tools.options.announceMs - task.inStateMs);
      const { batches } = task.plan;
      const some = batches.slice(task.done, task.done + BATCHES_A_STEP);
      if (some.length === 0) return this.tools.tasks.pass(task, 'catch-up');
      const copied = await this.batches.copyAll(task, some);
      const progress = { done: task.done + some.length, rowsCopied: task.rowsCopied + copied };
      return this.tools.tasks.note(task, { ...progress, error: null });
    },
    'catch-up': async (task) => {
      const { token, plan } = task;
      if (await this.tools.drain.drain(plan.batches, { token, few: FEW_ENTRIES }))
        await this.tools.tasks.pass(task, 'verify');
    },
    verify: (task) => this.eachBatch(task, 'frozen', (batch) => this.verify(task, batch)),
    frozen: async (task) => {
      const batch = task.plan.batches[task.handedOff]!;
      await this.tools.replicas.wait([batch.donor, batch.receiver]);
      const frozenMs = await this.hand(task, batch, false);
      await this.tools.publish(task, owned(batch, batch.receiver));
      await this.tools.tasks.pass(task, 'handed-off', {
        handedOff: task.handedOff + 1,
        longestFreezeMs: Math.max(task.longestFreezeMs, Math.round(frozenMs)),
      });
    },
    'handed-off': (task) => {
      const all = task.handedOff === task.plan.batches.length;
      return this.tools.tasks.pass(task, all ? 'reverse' : 'frozen');
    },
    reverse: async (task) => {
      const { token, plan } = task;
      await this.tools.drain.drain(plan.batches, { token, back: true });
      const left = this.tools.options.reverseMs - task.inStateMs;
      if (left <= 0) await this.tools.tasks.pass(task, 'purging');
      else await this.tools.rest(Math.min(left, 500));
    },
    purging: (task) =>
      this.eachBatch(
        task,
        'purged',
        async (batch) => {
          const to = { mode: 'open' as const };
          const change = { range: batch, from: ['capture'] as const, to, token: task.token };
          await this.change(batch.receiver, change);
          await this.tools.drain.forget(batch.receiver, batch, task.token);
          await this.batches.clear(batch.donor, batch, task.token);
        },
        () => this.tools.publish(task, ended(task, 'purged')),
      ),
    'rolling-back': async (task) => {
      const batch = task.plan.batches[Math.min(task.handedOff, task.plan.batches.length - 1) - task.done];
      if (!batch) return this.tools.tasks.pass(task, 'aborting', { error: task.error });
      await this.handBack(task, batch);
      await this.tools.publish(task, owned(batch, batch.donor));
      await this.tools.tasks.note(task, { done: task.done + 1 });
    },
    aborting: async (task) => {
      // The donors are whole before the first receiver is asked, which may be away.
      const { batches } = task.plan;
      if (task.done < batches.length) {
        const batch = batches[task.done]!;
        const to = { mode: 'open' as const };
        const change = { range: batch, from: ['capture', 'frozen'] as const, to, token: task.token };
        await this.change(batch.donor, change);
        await this.tools.drain.forget(batch.donor, batch, task.token);
        return this.tools.tasks.note(task, { done: task.done + 1 });
      }
      const batch = batches[task.done - batches.length];
      if (batch) {
        if (!this.leftAlone.has(batch.receiver)) await this.clean(task, batch);
        return this.tools.tasks.note(task, { done: task.done + 1 });
      }
      await this.tools.publish(task, ended(task, 'aborted'));
      return this.tools.tasks.pass(task, 'aborted', { error: task.error });
    },
    purged: async () => {},
    aborted: async () => {},
  };

  run(task: MigrationTask): Promise<void> {
    return this.steps[task.state](task);
  }

  private change(shard: string, change: Omit<FenceChange, 'deadlineMs'>): Promise<void> {
    return this.patience.run((deadlineMs) => this.tools.fences.change(shard, { ...change, deadlineMs }));
  }

  private async eachBatch(
    task: MigrationTask,
    next: MigrationState,
    work: (batch: MoveBatch) => Promise<void>,
    atEnd?: () => Promise<unknown>,
  ): Promise<void> {
    const batch = task.plan.batches[task.done];
    if (batch) {
      await work(batch);
      return this.tools.tasks.note(task, { done: task.done + 1, error: null });
    }
    await atEnd?.();
    await this.tools.tasks.pass(task, next);
  }

  /** A write leaves its slot in the log: what differs and is not there was copied wrongly. The others are compared when frozen. */
  private async verify(task: MigrationTask, batch: MoveBatch): Promise<void> {
    const { rows, drain } = this.tools;
    await drain.drain([batch], { token: task.token, range: batch });
    const differing = await rows.differences({ source: batch.donor, target: batch.receiver }, batch);
    if (differing.length === 0) return;
    const written = await drain.written(batch.donor, batch);
    const wrong = differing.filter((slot) => !written.has(slot));
    if (wrong.length > 0) await this.repair(task, new SlotsDifferError(batch, wrong));
  }

  private async hand(task: MigrationTask, batch: MoveBatch, back: boolean): Promise<number> {
    const { token } = task;
    const epoch = (await this.tools.epoch()) + 1;
    const { assertTables, handover, options } = this.tools;
    const { freezeMs } = options;
    try {
      const given = { token, epoch, freezeMs, assertTables };
      const frozenMs = await handover.hand(batch, back, given);
      this.tools.metrics.freezes.observe(frozenMs / 1_000);
      return frozenMs;
    } catch (error) {
      if (error instanceof SlotsDifferError) await this.repair(task, error, back);
      throw error;
    }
  }

  /** Also of a batch that was never given away, or of which it is not known. */
  private async handBack(task: MigrationTask, batch: MoveBatch): Promise<void> {
    const { fences: all } = this.tools;
    const adopt = (shard: string) => this.patience.run((ms) => all.adopt(shard, batch, task.token, ms));
    const fences = await adopt(batch.donor);
    if (fences.every(({ mode }) => mode !== 'foreign')) return;
    await adopt(batch.receiver);
    await this.hand(task, batch, true);
  }

  /** Deletes what was copied; gives up a shard that was to come and does not answer. */
  private async clean(task: MigrationTask, batch: MoveBatch): Promise<void> {
    const { receiver } = batch;
    try {
      await this.tools.fences.adopt(receiver, batch, task.token, 5_000);
      await this.batches.clear(receiver, batch, task.token);
      this.failedCleanings = 0;
    } catch (error) {
      this.failedCleanings += 1;
      const gone = error instanceof ShardUnavailableError && task.kind === 'add';
      if (!gone || this.failedCleanings < this.tools.options.cleaningAttempts) throw error;
      this.leftAlone.add(receiver);
      const left = `${receiver} did not answer and was not cleaned: empty its tables before it is added again`;
      await this.tools.tasks.note(task, { error: left });
    }
  }

  /** Copies the batch anew from nothing, and counts it. */
  private async repair(task: MigrationTask, error: SlotsDifferError, back = false): Promise<void> {
    const { donor, receiver } = error.batch;
    const [source, target] = back ? [receiver, donor] : [donor, receiver];
    await this.tools.tasks.note(task, {
      mismatches: task.mismatches + error.slots.length,
      error: error.message,
    });
    await this.batches.clear(target, error.batch, task.token);
    await this.batches.copy(task, error.batch, source, target);
  }
}
