import { Injectable, Logger } from '@nestjs/common';
import { equalJitterBackOff, PeriodicTask } from '@fourfold/kernel';
import type { Job } from 'bull';
import { dropTornJobs } from '../bull/add-jobs.js';
import { failBy, handBackWhatFollows } from '../bull/bull-patches.js';
import { failJob, handBackJob, postponeJob } from '../bull/job-moves.js';
import { ChildPool } from '../children/child.pool.js';
import { DependencyHolds } from '../holding/dependency-holds.js';
import { type JobData, payloadOf } from '../job-data.js';
import { asError, deadReasonOf, PostponedJobError } from '../job.errors.js';
import type { Processor } from '../processors/processors.js';
import { type Outcome, QueueMetrics } from '../queue.metrics.js';
import type { QueueSettings } from '../queue.options.js';
import { InjectQueueSettings } from '../queue.tokens.js';
import { JobSlots } from '../running/job-slots.js';
import { RunningJob } from '../running/running-job.js';
import { ScheduledRuns } from '../schedules/scheduled-runs.js';
import { inJobSpan, traceOf } from './job-span.js';

/** How often limits and locks of the jobs in hand are checked: short beside any of them, and one timer for all. */
const TEND_EVERY_MS = 50;
/** While there is no job: the next one wakes the timer. */
const IDLE_MS = 3_600_000;

/** When the job was added, or when it was due if it was added for later. */
const dueAtMs = ({ timestamp, opts }: Job): number => timestamp + (opts.delay ?? 0);

/** The job was not tried: it waits for a dependency. */
class HeldError extends Error {}

/**
 * The way of a job, from Bull to its handler and to its end:
 *
 *     Bull fetches it, with its lock → `run` → on a queue with a schedule: `ScheduledRuns.begin`, which may skip it
 *       → `attempt`: read the payload, wait for a slot, start the limits
 *       → `Processor.invoke`: the transaction of the inbox, if asked for → `handle` of the `@ProcessorFor` class
 *       → resolved: Bull moves the job to `completed`
 *       → rejected: `settle` hands it back, holds it, postpones it, or fails it; each is one script that asks for the lock first
 *
 * While it runs, `tend` renews its lock and enforces its limits.
 */
@Injectable()
export class JobRunner {
  private readonly logger = new Logger(JobRunner.name);
  /** Attempts that are not over. */
  private readonly running = new Set<RunningJob>();
  /** Jobs whose attempt or handler is not over: a handler may outlive its attempt. */
  private readonly tended = new Set<RunningJob>();
  private readonly slots: JobSlots;
  private readonly tending = new PeriodicTask({
    name: 'Checking locks and limits of jobs',
    everyMs: TEND_EVERY_MS,
    run: () => this.tend(),
    log: this.logger,
  });
  /** No job is tended: the timer waits for the next one. */
  private idle = true;
  private leaving = false;
  private stopped = false;

  constructor(
    private readonly metrics: QueueMetrics,
    private readonly children: ChildPool,
    private readonly holds: DependencyHolds,
    private readonly scheduled: ScheduledRuns,
    @InjectQueueSettings()
    private readonly settings: Pick<QueueSettings, 'jobsAtOnce' | 'lockMs' | 'onStuck'>,
  ) {
    this.slots = new JobSlots(settings.jobsAtOnce);
  }

  /** Ids of the jobs of `queue` whose attempts are not over. */
  runningOn(queue: string): ReadonlySet<string> {
    return new Set([...this.running].filter((job) => job.queue === queue).map(({ id }) => id));
  }

  /** Asks every handler to give up; a job that does is handed back. */
  leave(): void {
    this.leaving = true;
    for (const job of this.running) job.leave();
  }

  /** No job comes any more. Those in hand keep their locks and limits until they are over. */
  stop(): void {
    this.stopped = true;
  }

  /** Settles as the handler does. Bull then moves the job: by itself to `completed`, or by what `failBy` puts in its place. */
  async run(processor: Processor, job: Job<JobData>): Promise<void> {
    const isScheduled = this.scheduled.concerns(processor.definition.name, job);
    if (isScheduled) this.scheduled.giveMessageId(job);
    const running = this.begin(processor, job);
    let waitsFor: string | undefined;
    try {
      if (this.holds.holdsAny) waitsFor = await this.holds.reasonToWait(job);
      if (waitsFor !== undefined) throw new HeldError(waitsFor);
      const begins = !isScheduled || (await this.beginRun(job, running));
      if (begins) {
        const trace = traceOf(job);
        await (trace === undefined
          ? this.attempt(processor, job, running)
          : inJobSpan(job, processor.definition.name, trace, () => this.attempt(processor, job, running)));
      }
      running.throwIfRevoked();
      if (begins && isScheduled) await this.scheduled.end(job, 'succeeded');
      handBackWhatFollows(job, handBackJob);
      // Where Redis refuses to complete it: the effect is there, and the inbox notices that at the next delivery.
      failBy(job, async () =>
        this.count(processor, (await handBackJob(job.queue, job.id)) ? 'handed-back' : 'lost'),
      );
    } catch (thrown) {
      const error = asError(thrown);
      // The lock is still renewed: the probe of the dependency takes a moment.
      waitsFor ??= await this.holds.awayFor(job, thrown);
      // Redis has lost the job, and returned its id alone: there is nothing to fail. By now the relay may have added it
      // again under the same id, and our lock would let this one's end be that one's.
      const isTorn = !job.timestamp;
      failBy(job, async () =>
        isTorn ? this.count(processor, 'lost') : this.settle(processor, job, running, { error, waitsFor }),
      );
      if (isTorn) await dropTornJobs(job.queue, [running.id]);
      throw error;
    } finally {
      running.end();
      this.running.delete(running);
      // At once, where its handler is through as well: thousands that wait for the next look are garbage that has aged.
      if (running.isOver) this.tended.delete(running);
    }
  }

  /** Bull has moved a job of this worker to `completed`. */
  completed(processor: Processor): void {
    this.count(processor, 'completed');
  }

  private begin({ definition }: Processor, job: Job<JobData>): RunningJob {
    const running = new RunningJob(definition, job, this.settings.lockMs);
    this.running.add(running);
    this.tended.add(running);
    if (this.idle) this.tending.wake();
    this.idle = false;
    if (this.leaving) running.leave();
    return running;
  }

  /** @returns whether the run of a schedule is to be */
  private async beginRun(job: Job<JobData>, running: RunningJob): Promise<boolean> {
    try {
      return await this.scheduled.begin(job);
    } catch (error) {
      running.leave(); // Redis has not answered: the job has not been tried, and is handed back
      throw error;
    }
  }

  /** Reads the payload, waits for a slot, and runs the handler, in this process or in a child. */
  private async attempt(processor: Processor, job: Job<JobData>, running: RunningJob): Promise<void> {
    const { definition } = processor;
    const payload = payloadOf(definition, job);
    const isolated = definition.isolation === 'child-process';
    running.throwIfAborted();
    const release =
      isolated || processor.isGrouped
        ? () => {}
        : (this.slots.take() ?? (await this.slots.wait(definition.priority, running.signal)));
    const { wait, run } = this.metrics.of(definition.name);
    if (job.attemptsMade === 0) wait.observe(Math.max(0, Date.now() - dueAtMs(job)) / 1_000);
    const startedMs = performance.now();
    try {
      if (isolated) return await this.children.run(definition.name, payload, running);
      running.startClock(this.settings.onStuck);
      const settled = processor.invoke(payload, running.context());
      // Whatever becomes of the job: the handler has its slot until it settles, and the process ends if it never does.
      const over = () => {
        running.stopClock();
        release();
      };
      settled.then(over, over);
      await running.whileOurs(settled);
    } finally {
      run.observe((performance.now() - startedMs) / 1_000);
    }
  }

  /** @returns the milliseconds until the next time; undefined for the usual ones */
  private tend(): number | undefined {
    for (const job of this.tended) {
      job.tend();
      if (job.isOver) this.tended.delete(job);
    }
    if (this.tended.size > 0) return undefined;
    this.idle = true;
    if (this.stopped) void this.tending.stop();
    return IDLE_MS;
  }

  /** Ends an attempt whose handler has rejected. */
  private async settle(
    processor: Processor,
    job: Job<JobData>,
    running: RunningJob,
    { error, waitsFor }: { error: Error; waitsFor: string | undefined },
  ): Promise<void> {
    const { name: queue, backOff } = processor.definition;
    const attempt = job.attemptsMade + 1;
    const about = { err: error, queue, messageId: running.messageId, attempt };
    const deadReason = deadReasonOf(error, attempt, job.opts.attempts ?? 1);
    const failure = deadReason
      ? { error, deadReason }
      : { error, delayMs: equalJitterBackOff(attempt, backOff) };
    const leaves = running.isLeaving;
    const postponed = error instanceof PostponedJobError;
    const move = () => {
      if (leaves) return handBackJob(job.queue, job.id);
      if (waitsFor !== undefined) return this.holds.hold(job, waitsFor);
      return postponed ? postponeJob(job, error.delayMs) : failJob(job, failure);
    };
    if (running.isLost || !(await move())) {
      this.count(processor, 'lost');
      return this.logger.warn(about, `A job on ${queue} was abandoned: its lock is lost`);
    }
    if (leaves) return this.count(processor, 'handed-back');
    if (waitsFor !== undefined) return this.count(processor, 'held');
    if (postponed) return this.count(processor, 'postponed');
    if (this.scheduled.concerns(queue, job)) await this.scheduled.end(job, deadReason ? 'dead' : 'failed');
    this.count(processor, deadReason ? 'dead' : 'failed');
    this.logger.warn(about, `A job on ${queue} ${deadReason ? `is dead (${deadReason})` : 'failed'}`);
  }

  private count({ definition }: Processor, outcome: Outcome): void {
    this.metrics.of(definition.name).ended[outcome].value += 1;
  }
}
