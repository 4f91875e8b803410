import { equalJitterBackOff, PeriodicTask } from '@fourfold/kernel';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { CaptureLog } from '../fence/capture.log.js';
import { ShardFences } from '../fence/shard.fences.js';
import { parseTopology, type Topology } from '../ring/topology.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import type { SharedTopology } from '../topology/shared-topology.js';
import type { TopologyStore } from '../topology/topology.store.js';
import { FencePatience } from './fence-patience.js';
import { LogDrain } from './log.drain.js';
import { type MigrationOptions, migrationOptionsSchema } from './migration.options.js';
import { MigrationMetrics } from './migration.metrics.js';
import { isOneStep, isOver, type MigrationState, wayBack } from './migration-state.js';
import { MigrationSteps } from './migration.steps.js';
import { HaltedError, ReplicaThrottle } from './replica.throttle.js';
import { RowMover } from './row.mover.js';
import { FreezeTooLongError, SlotHandover } from './slot.handover.js';
import type { StepTools } from './step-tools.js';
import { MigrationLostError, type MigrationTask, type TaskStore } from './task.store.js';
import { announced, ended, nextTopology } from './topology-steps.js';
import { InvalidMigrationError, tablesOn, typedTables } from './typed-tables.js';

export interface RunnerParts {
  tasks: TaskStore;
  registry: ShardRegistry;
  store: TopologyStore;
  shared: Pick<SharedTopology, 'spread'>;
  /** Tests put themselves between the coordinator and what it commits to. */
  around?: <T extends object>(part: T) => T;
}

const LOOK_EVERY_MS = 2_000;
const RENEW_EVERY_MS = 1_000;
const onItsWayBack = new Set<MigrationState>(['rolling-back', 'aborting']);
/** Rows are only deleted, or handed back after a comparison of the schemas of their own. */
const lenient = new Set<MigrationState>([...onItsWayBack, 'purging']);

/**
 * The coordinator of migrations in one process. Of all that run one has the lease of the migration; the others look for
 * one that was left. What it does is by states (`MIGRATION_STATES`), and each step is repeatable: a step that fails is
 * tried again, and a coordinator that takes over goes on where the database says its predecessor was. That one, should
 * it still run, is refused by the token in `ring_task` and in the fences, which the new one puts there first.
 */
export class MigrationRunner implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(MigrationRunner.name);
  private readonly holder = randomUUID();
  private readonly looking: PeriodicTask;
  private readonly options: ReturnType<typeof migrationOptionsSchema.parse>;
  private readonly stopping = new AbortController();
  /** That took too long, one after the other. */
  private freezes = 0;
  private readonly metrics = new MigrationMetrics();
  /** Of the steps that have failed in a row, by `performance.now()`. */
  private failingSince: number | undefined;
  /** Fences that have this coordinator's token: the first attempt need not reach all. */
  private readonly adopted = new Set<string>();
  private readonly patience = new FencePatience();

  constructor(
    private readonly parts: RunnerParts,
    options: MigrationOptions = {},
  ) {
    this.options = migrationOptionsSchema.parse(options);
    this.looking = new PeriodicTask({
      name: 'Moving slots',
      everyMs: LOOK_EVERY_MS,
      run: () => this.runOnce(),
      log: this.logger,
    });
  }

  onApplicationBootstrap(): void {
    this.looking.start();
  }

  /** Leaves the migration to another coordinator after the step in hand. */
  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.looking.stop();
  }

  /**
   * Carries on with the migration that there is, until it is over, paused, or another coordinator's.
   * @throws what the main cluster throws
   */
  async runOnce(): Promise<void> {
    const task = await this.parts.tasks.claim(this.holder);
    if (!task) return;
    const renewing = setInterval(() => {
      // A lease that is lost is met by the next statement, whose condition it fails.
      this.parts.tasks.renew(task).catch((error: unknown) => this.logger.warn(String(error)));
    }, RENEW_EVERY_MS);
    try {
      this.metrics.takeovers.inc();
      this.logger.log(`Migration ${task.id} goes on from ${task.state}, as coordinator ${task.token}`);
      await this.drive(task);
      await this.parts.tasks.release(task);
    } catch (error) {
      if (!(error instanceof MigrationLostError)) throw error;
      this.logger.warn(error.message);
    } finally {
      clearInterval(renewing);
    }
  }

  private async drive(task: MigrationTask): Promise<void> {
    let steps: MigrationSteps | undefined;
    this.failingSince = undefined;
    this.adopted.clear();
    while (!isOver(task.state) && !this.stopping.signal.aborted) {
      const { wanted, inStateMs } = await this.parts.tasks.get(task.id);
      if (wanted === 'pause') return;
      task.inStateMs = inStateMs;
      const { state } = task;
      try {
        const back = wanted === 'abort' ? wayBack(state) : undefined;
        if (back) await this.turnBack(task, back);
        else await (steps ??= await this.begin(task)).run(task);
        this.freezes = 0;
        this.failingSince = undefined;
        if (task.state !== state && !isOneStep(state, task.state))
          this.logger.log(`Migration ${task.id} is ${task.state}`);
      } catch (error) {
        if (error instanceof MigrationLostError) throw error;
        if (error instanceof HaltedError) continue;
        this.logger.warn({ err: error }, `Migration ${task.id}: ${state} is tried again`);
        this.metrics.failures.inc({ state });
        await this.failed(task, error as Error);
      }
    }
  }

  /**
   * A schema that can't be moved or a receiver without room is no passing fault, nor is any other that lasts: while all
   * slots are the donors' the migration is taken back.
   */
  private async failed(task: MigrationTask, error: Error): Promise<void> {
    this.failingSince ??= performance.now();
    const lasts = performance.now() - this.failingSince > this.options.patienceMs;
    const hopeless = (lasts || error instanceof InvalidMigrationError) && task.handedOff === 0;
    const back = hopeless ? wayBack(task.state) : undefined;
    if (back) return this.turnBack(task, back, error.message);
    const restMs = this.restAfter(error);
    // What it is taken back for is not overwritten by what happens on the way.
    const keeps = lenient.has(task.state) && task.error !== null;
    const again =
      this.freezes > 0 ? `; tried ${this.freezes}×, again in ${(restMs / 1_000).toFixed(1)} s` : '';
    await this.parts.tasks.note(task, { error: keeps ? task.error : `${error.message}${again}` });
    await this.rest(restMs);
  }

  /** Each freeze keeps writers waiting: those that follow on one that took too long are rarer and rarer. */
  private restAfter(error: Error): number {
    if (!(error instanceof FreezeTooLongError)) return this.options.retryMs;
    this.freezes += 1;
    const { retryMs, mostRetryMs } = this.options;
    return equalJitterBackOff(this.freezes, { baseMs: retryMs / 2, capMs: mostRetryMs });
  }

  private async turnBack(
    task: MigrationTask,
    back: NonNullable<ReturnType<typeof wayBack>>,
    error: string | null = null,
  ): Promise<void> {
    if (back === 'aborted') await this.publish(task, ended(task, back));
    await this.parts.tasks.pass(task, back, { error });
  }

  /** Before anything else: from then on whatever the coordinator before has in hand is waited for or refused. */
  private async begin(task: MigrationTask): Promise<MigrationSteps> {
    const { registry, store } = this.parts;
    const around = this.parts.around ?? ((part) => part);
    await this.parts.shared.spread(await store.current());
    // It names the shard that comes, which this process can't ask before.
    if (task.state === 'planned') await this.publish(task, announced(task));
    const fences = around(new ShardFences(registry));
    for (const { donor, receiver, ...range } of task.plan.batches)
      for (const shard of [donor, receiver])
        // A receiver that is away keeps no donor from being made whole: it is adopted when it is next asked for something.
        if (shard === donor || !onItsWayBack.has(task.state)) {
          const own = `${shard} ${range.from}`;
          if (!this.adopted.has(own))
            await this.patience.run((deadlineMs) => fences.adopt(shard, range, task.token, deadlineMs));
          this.adopted.add(own);
        }
    const shards = [...new Set(task.plan.batches.flatMap(({ donor, receiver }) => [donor, receiver]))];
    const tables = lenient.has(task.state)
      ? await tablesOn(registry, task.plan.batches[0]!.donor)
      : await typedTables(registry, shards);
    const rows = around(new RowMover(registry, tables));
    const drain = new LogDrain(around(new CaptureLog(registry)), rows);
    const handover = new SlotHandover(fences, drain, rows);
    const tools: StepTools = {
      ...{ fences, rows, drain, handover, options: this.options },
      tasks: this.parts.tasks,
      metrics: this.metrics,
      replicas: this.throttleOf(task),
      publish: (own, change) => this.publish(own, change),
      assertTables: async ({ donor, receiver }) => void (await typedTables(registry, [donor, receiver])),
      epoch: async () => (await store.head()).epoch,
      rest: (ms) => this.rest(ms),
    };
    return new MigrationSteps(tools);
  }

  private throttleOf(task: MigrationTask): ReplicaThrottle {
    const { registry, tasks } = this.parts;
    return new ReplicaThrottle({
      lagMsOf: (shard) => registry.replicaLagOf(shard),
      mostLagMs: this.options.mostReplicaLagMs,
      onWait: async (reason) => {
        this.logger.log(`Migration ${task.id} waits: ${reason}`);
        // What it is taken back for stays its error.
        if (!lenient.has(task.state)) await tasks.note(task, { error: reason });
      },
      isHalted: async () => {
        if (this.stopping.signal.aborted) return true;
        const { wanted } = await tasks.get(task.id);
        return wanted === 'pause' || (wanted === 'abort' && wayBack(task.state) !== undefined);
      },
      rest: (ms) => this.rest(ms),
    });
  }

  private async publish(task: MigrationTask, change: (topology: Topology) => Topology): Promise<number> {
    for (;;) {
      const current = await this.parts.store.current();
      const next = nextTopology(current, change);
      if (next && !(await this.parts.tasks.publish(task, parseTopology(next)))) continue;
      await this.parts.shared.spread(next ?? current);
      return (next ?? current).epoch;
    }
  }

  private rest(ms: number): Promise<void> {
    const { signal } = this.stopping;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }
}
