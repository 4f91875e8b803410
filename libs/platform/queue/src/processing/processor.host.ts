import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { withDeadline } from '@fourfold/kernel';
import type { Queue } from 'bull';
import { pauseHere } from '../bull/bull-patches.js';
import { BullQueues } from '../bull/bull-queues.js';
import { handBackUnbegun } from '../bull/job-moves.js';
import { ChildPool } from '../children/child.pool.js';
import { HAND_BACK_MS } from '../graceful-stop.js';
import { DependencyHolds } from '../holding/dependency-holds.js';
import type { JobData } from '../job-data.js';
import { type Processor, Processors } from '../processors/processors.js';
import { QueueMetrics } from '../queue.metrics.js';
import type { QueueSettings } from '../queue.options.js';
import { InjectQueueSettings } from '../queue.tokens.js';
import { JobRunner } from './job.runner.js';

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
    private readonly bull: BullQueues,
    private readonly metrics: QueueMetrics,
    @InjectQueueSettings() private readonly settings: QueueSettings,
  ) {}

  onApplicationBootstrap(): void {
    for (const processor of this.processors.all) {
      const { name, isolation } = processor.definition;
      if (isolation === 'child-process' && !this.settings.child)
        throw new Error(`Queue ${name} runs in child processes: give QueueModule a \`child\` script`);
      this.connect(processor);
    }
  }

  /** Before all other hooks of a stop, whatever those wait for: no job follows one that ends now. */
  onModuleDestroy(): void {
    this.stoppingSinceMs = performance.now();
    const pauses = this.queues.map(async (queue) => {
      await pauseHere(queue);
      // Now and not only at the end: another queue may take long, and nothing renews the locks of these jobs.
      void this.handBack(queue).catch(() => {});
    });
    this.paused = Promise.all(pauses);
    this.paused.catch(() => {}); // awaited below, with a deadline
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { paused } = this;
    const goneMs = performance.now() - this.stoppingSinceMs;
    if (!(await within(Math.max(0, this.settings.drainMs - goneMs), paused))) await this.giveUp(paused);
    await within(HAND_BACK_MS, Promise.all(this.queues.map((queue) => this.handBack(queue))));
    await this.children.close();
    this.runner.stop();
  }

  private async giveUp(paused: Promise<unknown>): Promise<void> {
    this.runner.leave();
    if (await within(this.settings.abortGraceMs, paused)) return;
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
    const queue = this.bull.of(name);
    queue.on('error', (error) => this.logger.error({ err: error }, `Queue ${name}: ${error.message}`));
    // In this process, after the move: not one of the events that go through Redis.
    queue.on('completed', () => this.runner.completed(processor));
    this.queues.push(queue);
    this.holds.watch(queue);
    // Every name: a job that has one is not ours, and is dead at once instead of being retried without a handler.
    void queue
      .process('*', concurrency, (job) => this.runner.run(processor, job))
      .catch((error: unknown) => this.logger.error({ err: error }, `Queue ${name} is no longer processed`));
  }
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
