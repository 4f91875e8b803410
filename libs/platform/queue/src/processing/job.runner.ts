import { Injectable, Logger } from '@nestjs/common';
import type { Job } from 'bull';
import { equalJitterBackOff } from '../back-off.js';
import { ChildPool } from '../children/child.pool.js';
import { DependencyHolds } from '../holding/dependency.holds.js';
import type { JobData } from '../job-data.js';
import { type Outcome, QueueMetrics } from '../queue.metrics.js';
import { InjectWorkerOptions, type WorkerOptions } from '../worker.options.js';
import { dropTornJobs } from '../torn-jobs.js';
import { asError } from './as-error.js';
import { DeferredStart } from './deferred-start.js';
import { deadReasonOf } from './dead-reason-of.js';
import { failJob, handBackJob, handBackWhatFollows } from './job-moves.js';
import { JobSlots } from './job-slots.js';
import { inJobSpan } from './job.span.js';
import { messageOf } from './message-of.js';
import type { Processor } from './processors.js';
import { RunningJob } from './running-job.js';

/** The job was not tried: it waits for a dependency. */
class HeldError extends Error {}

/** Runs one attempt of a job that Bull has fetched, and sees to it that the job ends where it belongs. */
@Injectable()
export class JobRunner {
  private readonly logger = new Logger(JobRunner.name);
  private readonly running = new Set<RunningJob>();
  private readonly slots: JobSlots;
  private readonly deferred = new DeferredStart();
  private leaving = false;

  constructor(
    private readonly metrics: QueueMetrics,
    private readonly children: ChildPool,
    private readonly holds: DependencyHolds,
    @InjectWorkerOptions() private readonly options: WorkerOptions,
  ) {
    this.slots = new JobSlots(options.jobsAtOnce);
  }

  /** Ids of the jobs of `queue` whose handlers have not settled. */
  runningOn(queue: string): ReadonlySet<string> {
    return new Set([...this.running].filter((job) => job.queue === queue).map(({ id }) => id));
  }

  /** Asks every handler to give up; a job that does is handed back. */
  leave(): void {
    this.leaving = true;
    for (const job of this.running) job.leave();
  }

  /** Settles as the handler does. Bull then moves the job: by itself to `completed`, or by what stands in for its way. */
  async run(processor: Processor, job: Job<JobData>): Promise<void> {
    const running = new RunningJob(processor.definition, job, this.options.lockMs, this.deferred);
    this.running.add(running);
    if (this.leaving) running.leave();
    let waitsFor: string | undefined;
    try {
      waitsFor = await this.holds.reasonToWait(job);
      if (waitsFor !== undefined) throw new HeldError(waitsFor);
      await inJobSpan(job, processor.definition.name, () => this.attempt(processor, job, running));
      running.throwIfRevoked();
      handBackWhatFollows(job);
      // For a Redis that refuses to complete it: the effect is there, and the next delivery finds that out.
      job.moveToFailed = async () => {
        this.count(processor, (await handBackJob(job.queue, job.id)) ? 'handed-back' : 'lost');
        return null;
      };
    } catch (thrown) {
      const error = asError(thrown);
      // The lock is still renewed: to look whether the dependency is away takes a moment.
      waitsFor ??= await this.holds.awayFor(job, thrown);
      job.moveToFailed = async () => {
        await this.settle(processor, job, running, { error, waitsFor });
        return null;
      };
      // Nothing but its id has come back from a Redis that lost it: there is nothing to fail.
      if (!job.timestamp) await dropTornJobs(job.queue, [running.id]);
      throw error;
    } finally {
      running.end();
      this.running.delete(running);
    }
  }

  /** Bull has moved a job of this worker to `completed`. */
  completed(processor: Processor): void {
    this.count(processor, 'completed');
  }

  private async attempt(processor: Processor, job: Job<JobData>, running: RunningJob): Promise<void> {
    const { definition } = processor;
    const payload = messageOf(definition, job);
    if (definition.isolation === 'child-process')
      return this.timed(processor, job, () => this.children.run(definition.name, payload, running));
    const release = await this.slots.acquire(definition.priority, running);
    if (!release) return running.signal.throwIfAborted();
    return this.timed(processor, job, () => {
      running.startClock(this.options.onStuck);
      const settled = processor.invoke(payload, running.context());
      // Whatever becomes of the job: the handler has its slot until it settles, and the process ends if it never does.
      const over = () => {
        running.stopClock();
        release();
      };
      settled.then(over, over);
      return running.whileOurs(settled);
    });
  }

  private async timed(processor: Processor, job: Job<JobData>, work: () => Promise<void>): Promise<void> {
    const { wait, run } = this.metrics.of(processor.definition.name);
    if (job.attemptsMade === 0) wait.observe(Math.max(0, Date.now() - job.timestamp) / 1_000);
    const startedMs = performance.now();
    try {
      await work();
    } finally {
      run.observe((performance.now() - startedMs) / 1_000);
    }
  }

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
    const move = () => {
      if (leaves) return handBackJob(job.queue, job.id);
      return waitsFor === undefined ? failJob(job, failure) : this.holds.hold(job, waitsFor);
    };
    if (running.isLost || !(await move())) {
      this.count(processor, 'lost');
      return this.logger.warn(about, `A job on ${queue} was abandoned: its lock is lost`);
    }
    if (leaves) return this.count(processor, 'handed-back');
    if (waitsFor !== undefined) return this.count(processor, 'held');
    this.count(processor, deadReason ? 'dead' : 'failed');
    this.logger.warn(about, `A job on ${queue} ${deadReason ? `is dead (${deadReason})` : 'failed'}`);
  }

  private count({ definition }: Processor, outcome: Outcome): void {
    this.metrics.of(definition.name).ended(outcome).value += 1;
  }
}
