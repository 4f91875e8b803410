import { setImmediate as immediate } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { getQueueToken } from '@nestjs/bull';
import { withDeadline } from '@fourfold/kernel';
import type { Queue } from 'bull';
import type { Redis } from 'ioredis';
import { ChildPool } from '../children/child.pool.js';
import { DependencyHolds } from '../holding/dependency.holds.js';
import type { JobData } from '../job-data.js';
import { QueueMetrics } from '../queue.metrics.js';
import { HAND_BACK_MS, InjectWorkerOptions, type WorkerOptions } from '../worker.options.js';
import { handBackUnbegun } from './job-moves.js';
import { JobRunner } from './job.runner.js';
import { type Processor, Processors } from './processors.js';
import { spareTraces } from './spared-traces.js';

/**
 * Connects each processor to its queue. At a stop: takes no more jobs → waits for those in hand → asks them to give up →
 * kills child processes → hands back what is left → closes.
 */
@Injectable()
export class ProcessorHost implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger(ProcessorHost.name);
  private readonly queues: Queue<JobData>[] = [];
  private paused: Promise<unknown> = Promise.resolve();
  private stoppingSinceMs = 0;

  constructor(
    private readonly processors: Processors,
    private readonly runner: JobRunner,
    private readonly children: ChildPool,
    private readonly holds: DependencyHolds,
    private readonly moduleRef: ModuleRef,
    private readonly metrics: QueueMetrics,
    @InjectWorkerOptions() private readonly options: WorkerOptions,
  ) {}

  onApplicationBootstrap(): void {
    for (const processor of this.processors.all) {
      const { name, isolation } = processor.definition;
      if (isolation === 'child-process' && !this.options.child)
        throw new Error(`Queue ${name} runs in child processes: give QueueModule a \`child\` script`);
      this.connect(processor);
    }
  }

  /** The first thing that a stop does, whatever others wait for then: a job that ends now is followed by no other. */
  onModuleDestroy(): void {
    this.stoppingSinceMs = performance.now();
    const pauses = this.queues.map(async (queue) => {
      await pauseAtOnce(queue);
      // Now and not only at the end: another queue may take long, and nothing renews the lock of what is left here.
      void this.handBack(queue).catch(() => {});
    });
    this.paused = Promise.all(pauses);
    this.paused.catch(() => {}); // a Redis that is gone: waited for below, within the deadline
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { paused } = this;
    const goneMs = performance.now() - this.stoppingSinceMs;
    if (!(await within(Math.max(0, this.options.drainMs - goneMs), paused))) await this.giveUp(paused);
    await within(HAND_BACK_MS, Promise.all(this.queues.map((queue) => this.handBack(queue))));
    await this.children.close();
  }

  private async giveUp(paused: Promise<unknown>): Promise<void> {
    this.runner.leave();
    if (await within(this.options.abortGraceMs, paused)) return;
    this.children.killAll();
    if (await within(HAND_BACK_MS, paused)) return;
    this.logger.warn('Stopping with jobs in hand; another worker takes them over as stalled');
    // Bull's own close, which Nest calls next, would wait for them without end.
    for (const queue of this.queues) void queue.close(true);
  }

  private handBack(queue: Queue<JobData>): Promise<void> {
    return handBackUnbegun(queue, this.runner.runningOn(queue.name));
  }

  private connect(processor: Processor): void {
    const { name, concurrency } = processor.definition;
    this.metrics.of(name);
    const queue = this.moduleRef.get<Queue<JobData>>(getQueueToken(name), { strict: false });
    queue.on('error', (error) => this.logger.error({ err: error }, `Queue ${name}: ${error.message}`));
    // In this process, after the move: not one of the events that go through Redis.
    queue.on('completed', () => this.runner.completed(processor));
    spareTraces(queue);
    this.queues.push(queue);
    this.holds.watch(queue);
    // Every name: a job that has one is not ours, and is told so instead of being retried without a handler.
    void queue
      .process('*', concurrency, (job) => this.runner.run(processor, job))
      .catch((error: unknown) => this.logger.error({ err: error }, `Queue ${name} is no longer processed`));
  }
}

/**
 * Bull's pause asks the blocked connection to quit, which it does not read for up to half a second. A job that is added
 * meanwhile, or handed back, would be taken by it and lost in `active` until it counts as stalled.
 */
async function pauseAtOnce(queue: Queue): Promise<void> {
  const paused = queue.pause(true);
  await immediate();
  (queue as unknown as { bclient: Redis }).bclient.disconnect();
  await paused;
}

/** @returns whether `work` has come to its end by then */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = new Error('late');
  try {
    await withDeadline(work, ms, () => late);
    return true;
  } catch (error) {
    return error !== late;
  }
}
