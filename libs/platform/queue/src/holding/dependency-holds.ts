import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DependencyProbes, PeriodicTask, withDeadline } from '@fourfold/kernel';
import type { Job, Queue } from 'bull';
import { heldDependencies, holdJob, releaseJobs, wasHeld } from '../bull/held-jobs.js';
import type { JobData } from '../job-data.js';
import { QueueMetrics } from '../queue.metrics.js';
import { awayDependencyOf } from './away-dependency-of.js';

/** How long a probe may take. A failed job waits for it with its lock renewed. */
const PROBE_MS = 2_000;
/** From the end of a probe without an answer to the next one. */
const PROBE_EVERY_MS = 500;
/** How often each queue is looked at for jobs that other workers hold, or left held when they died. */
const ADOPT_EVERY_MS = 5_000;
/** After this long, or as long as the hold has lasted if that is longer, a held job is tried whatever the probe says. */
const AT_LEAST_MS = 60_000;

interface Hold {
  readonly sinceMs: number;
  /** Whose jobs have met it. */
  readonly queues: Set<Queue>;
  readonly partial: boolean;
  readonly probing: PeriodicTask;
}

/**
 * Keeps jobs from spending their attempts on a dependency that is away.
 *
 * States of a dependency in this process: answering → away, when an attempt failed because of it and its probe gets no
 * answer → answering, when a probe is answered. While it is away the jobs that failed because of it are put aside, and
 * so are all others of their queue before they are tried; of a partial one, such as a shard, only those that meet it.
 * When it answers all of them go back in line. A job that fails because of a dependency whose probe is answered has
 * spent an attempt: a mail server that drops the connection at one address holds nothing.
 *
 * The jobs are in Redis, and only the states are here: a worker that stops or dies leaves them to the others.
 */
@Injectable()
export class DependencyHolds implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(DependencyHolds.name);
  private readonly queues = new Set<Queue>();
  private readonly holds = new Map<string, Hold>();
  private readonly asking = new Map<string, Promise<Error | undefined>>();
  private readonly adopting = new PeriodicTask({
    name: 'Looking for held jobs',
    everyMs: ADOPT_EVERY_MS,
    run: () => this.adopt(),
    log: this.logger,
  });

  constructor(
    private readonly probes: DependencyProbes,
    private readonly metrics: QueueMetrics,
  ) {}

  onApplicationBootstrap(): void {
    this.adopting.start();
  }

  onModuleDestroy(): void {
    void this.adopting.stop();
    for (const { probing } of this.holds.values()) void probing.stop();
  }

  /** Releases held jobs of this queue from now on, also those that other workers hold. */
  watch(queue: Queue): void {
    this.queues.add(queue);
  }

  /** Whether a dependency is away: then each job asks for its `reasonToWait`. */
  get holdsAny(): boolean {
    return this.holds.size > 0;
  }

  /**
   * What the job has to wait for before it is even tried; undefined when it may begin. A job that was held and is back
   * may: if the probe is wrong, its success is not.
   */
  async reasonToWait(job: Job): Promise<string | undefined> {
    for (const [dependency, { queues, partial }] of this.holds)
      if (!partial && queues.has(job.queue)) return (await wasHeld(job)) ? undefined : dependency;
    return undefined;
  }

  /** @returns the dependency that made the attempt fail and is away; undefined when the failure is the job's own */
  async awayFor(job: Job, error: unknown): Promise<string | undefined> {
    const dependency = awayDependencyOf(error);
    if (dependency === undefined) return undefined;
    return (await this.isAway(dependency, job.queue)) ? dependency : undefined;
  }

  /** Puts the job aside until the dependency answers. @returns whether it was this worker's */
  async hold(job: Job<JobData>, dependency: string): Promise<boolean> {
    const ageMs = performance.now() - (this.holds.get(dependency)?.sinceMs ?? Infinity);
    const wasOurs = await holdJob(job, dependency, Date.now() + Math.max(AT_LEAST_MS, ageMs));
    // It may have answered meanwhile, and what it had to release is on its way already.
    if (!this.holds.has(dependency)) await releaseJobs(job.queue, dependency);
    return wasOurs;
  }

  /** Asks the dependency, unless it is known to be away; the queue waits for it from then on. */
  private async isAway(dependency: string, queue: Queue): Promise<boolean> {
    const fault = this.holds.has(dependency) ? undefined : await this.ask(dependency);
    if (!this.holds.has(dependency) && fault === undefined) return false;
    this.begin(dependency, queue, fault);
    return true;
  }

  private begin(dependency: string, queue: Queue, fault: Error | undefined): void {
    const { partial, queues } = this.holds.get(dependency) ?? this.add(dependency);
    if (queues.has(queue)) return;
    queues.add(queue);
    this.metrics.held.set({ queue: queue.name, dependency }, 1);
    const what = partial ? `Jobs on ${queue.name} that need ${dependency} are` : `Queue ${queue.name} is`;
    this.logger.warn(`${what} held: ${dependency} does not answer${fault ? ` (${reasonOf(fault)})` : ''}`);
  }

  private add(dependency: string): Hold {
    const probing = new PeriodicTask({
      name: `Probing ${dependency}`,
      everyMs: PROBE_EVERY_MS,
      firstAfterMs: PROBE_EVERY_MS,
      run: () => this.askAgain(dependency),
      log: this.logger,
    });
    const { partial } = this.probes.find(dependency)!;
    const hold = { sinceMs: performance.now(), queues: new Set<Queue>(), partial, probing };
    this.holds.set(dependency, hold);
    if (!this.adopting.isStopping) probing.start();
    return hold;
  }

  private async askAgain(dependency: string): Promise<void> {
    if (await this.ask(dependency)) return;
    const { sinceMs, queues, probing } = this.holds.get(dependency)!;
    this.holds.delete(dependency);
    void probing.stop();
    const seconds = ((performance.now() - sinceMs) / 1_000).toFixed(1);
    for (const { name: queue } of queues) this.metrics.held.remove({ queue, dependency });
    for (const queue of queues)
      await releaseJobs(queue, dependency).then(
        (released) =>
          this.logger.log(
            `Queue ${queue.name} goes on: ${dependency} answers after ${seconds} s, and ${released} jobs are back in line`,
          ),
        // What is left held is found at the next look.
        (error: unknown) =>
          this.logger.warn({ err: error }, `The held jobs on ${queue.name} could not be released`),
      );
  }

  /** One probe at a time. @returns what is wrong with the dependency; undefined when it answers, or has no probe */
  private ask(dependency: string): Promise<Error | undefined> {
    const probe = this.probes.find(dependency);
    if (!probe) return Promise.resolve(undefined);
    const late = () => new Error(`no answer within ${PROBE_MS} ms`);
    const answer =
      this.asking.get(dependency) ??
      withDeadline(probe.ask(), PROBE_MS, late)
        .then(
          () => undefined,
          (error: Error) => error,
        )
        .finally(() => this.asking.delete(dependency));
    this.asking.set(dependency, answer);
    return answer;
  }

  /** Takes over what other workers hold: they may be dead, or the dependency may be away for them alone. */
  private async adopt(): Promise<void> {
    for (const queue of this.queues)
      for (const dependency of await heldDependencies(queue))
        if (!(await this.isAway(dependency, queue))) await releaseJobs(queue, dependency);
  }
}

/** What the driver or the network said, where an error of ours is around it. */
const reasonOf = ({ message, cause }: Error): string => (cause instanceof Error ? cause.message : message);
