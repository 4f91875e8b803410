import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type Type,
} from '@nestjs/common';
import { DiscoveryService, ModuleRef, Reflector } from '@nestjs/core';
import { getQueueToken } from '@nestjs/bull';
import { withDeadline } from '@fourfold/kernel';
import type { Job, Queue } from 'bull';
import type { AroundJob } from './around-job.js';
import { DEAD_REASON_FIELD } from './dead-reason.js';
import { handBack } from './hand-back.js';
import type { JobData } from './job-data.js';
import { type JobProcessor, PROCESSOR_FOR } from './processor-for.js';
import type { QueueDefinition } from './queue.definition.js';
import { QueueMetrics } from './queue.metrics.js';
import { InjectAroundJob, InjectQueueDeadlines, type QueueDeadlines } from './queue.tokens.js';

/** Connects each `@ProcessorFor` class to its queue, and lets jobs in hand finish when the process is told to stop. */
@Injectable()
export class ProcessorHost implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ProcessorHost.name);
  private readonly queues: Queue<JobData>[] = [];
  private aroundJob: AroundJob = { run: (work) => work() };

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    private readonly moduleRef: ModuleRef,
    private readonly metrics: QueueMetrics,
    @InjectQueueDeadlines() private readonly deadlines: QueueDeadlines,
    @InjectAroundJob() private readonly aroundJobClass: Type<AroundJob> | null,
  ) {}

  onApplicationBootstrap(): void {
    if (this.aroundJobClass) this.aroundJob = this.moduleRef.get(this.aroundJobClass, { strict: false });
    for (const { instance, metatype } of this.discovery.getProviders()) {
      const definition =
        typeof metatype === 'function' &&
        this.reflector.get<QueueDefinition | undefined>(PROCESSOR_FOR, metatype);
      if (definition) this.connect(definition, instance as JobProcessor);
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.queues.map((queue) => this.drain(queue)));
  }

  private async drain(queue: Queue<JobData>): Promise<void> {
    const drained = queue.pause(true).then(() => handBack(queue));
    try {
      await withDeadline(drained, this.deadlines.drainMs, () => new Error('jobs are still running'));
    } catch (error) {
      this.logger.warn(
        { err: error, queue: queue.name },
        'Stopping with jobs in hand; another worker takes them over as stalled',
      );
      // Bull's own close, which Nest calls next, would wait for them without end.
      void queue.close(true);
    }
  }

  private connect(definition: QueueDefinition, processor: JobProcessor): void {
    const queue = this.moduleRef.get<Queue<JobData>>(getQueueToken(definition.name), { strict: false });
    queue.on('error', (error) =>
      this.logger.error({ err: error }, `Queue ${definition.name} has lost Redis`),
    );
    this.queues.push(queue);
    void queue
      .process(definition.concurrency, (job) => this.run(definition, processor, job))
      .catch((error: unknown) =>
        this.logger.error({ err: error }, `Queue ${definition.name} is no longer processed`),
      );
  }

  private async run(definition: QueueDefinition, processor: JobProcessor, job: Job<JobData>): Promise<void> {
    const queue = definition.name;
    const attempt = job.attemptsMade + 1;
    if (attempt === 1)
      this.metrics.waitSeconds.observe({ queue }, Math.max(0, Date.now() - job.timestamp) / 1_000);
    const stopTimer = this.metrics.runSeconds.startTimer({ queue });
    try {
      const payload = definition.payload.safeParse(job.data.payload);
      if (!payload.success) {
        await job.queue.client.hset(job.queue.toKey(String(job.id)), DEAD_REASON_FIELD, 'invalid-payload');
        await job.discard();
        throw new Error(`The payload does not fit queue ${queue}: ${payload.error.message}`);
      }
      const context = { messageId: job.data.messageId, attempt };
      await this.aroundJob.run(() => processor.handle(payload.data, context));
      this.metrics.jobs.inc({ queue, outcome: 'completed' });
    } catch (error) {
      this.metrics.jobs.inc({ queue, outcome: 'failed' });
      this.logger.warn(
        { err: error, queue, messageId: job.data.messageId, attempt },
        `A job on ${queue} failed`,
      );
      // Bull reads `message` of what it catches, and loses the job when there is none.
      throw error instanceof Error ? error : new Error(String(error));
    } finally {
      stopTimer();
    }
  }
}
