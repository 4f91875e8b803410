import { Injectable, Logger } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { getQueueToken } from '@nestjs/bull';
import { withDeadline } from '@fourfold/kernel';
import { OutboxPublisher, type RelayedMessage } from '@fourfold/outbox';
import type { JobOptions, Queue } from 'bull';
import { addJobs } from './add-jobs.js';
import { type JobData, jobIdOf } from './job-data.js';
import { OperatingConnection } from './operating/operating.connection.js';
import { OutboxEpoch } from './outbox.epoch.js';
import { InjectQueueDeadlines, InjectQueueDefinitions, type QueueDeadlines } from './queue.tokens.js';
import type { QueueDefinition } from './queue.definition.js';
import { dropTornJobs } from './torn-jobs.js';

/** Puts outbox messages on their Bull queues, one pipeline per queue. */
@Injectable()
export class BullPublisher extends OutboxPublisher {
  override readonly queues: readonly string[];
  private readonly logger = new Logger(BullPublisher.name);
  private readonly definitions: ReadonlyMap<string, QueueDefinition>;
  /** Queues with a batch that Redis has not answered yet. */
  private readonly waiting = new Set<string>();

  constructor(
    @InjectQueueDefinitions() definitions: readonly QueueDefinition[],
    @InjectQueueDeadlines() private readonly deadlines: QueueDeadlines,
    private readonly moduleRef: ModuleRef,
    private readonly epoch: OutboxEpoch,
    private readonly connection: OperatingConnection,
  ) {
    super();
    this.definitions = new Map(definitions.map((definition) => [definition.name, definition]));
    this.queues = [...this.definitions.keys()];
  }

  async publish(messages: readonly RelayedMessage[]): Promise<ReadonlySet<string>> {
    const confirmed = new Set<string>();
    const byQueue = Map.groupBy(messages, (message) => message.queue);
    await Promise.all(
      [...byQueue].map(async ([name, batch]) => {
        try {
          for (const id of await this.publishTo(name, batch)) confirmed.add(id);
        } catch (error) {
          this.logger.error(
            { err: error, queue: name },
            `${batch.length} messages could not be put on queue ${name}`,
          );
        }
      }),
    );
    return confirmed;
  }

  override foundEmpty(): Promise<boolean> {
    return this.epoch.isNew();
  }

  override onReturn(listener: () => void): () => void {
    return this.connection.onReady(listener);
  }

  private async publishTo(name: string, batch: readonly RelayedMessage[]): Promise<string[]> {
    const definition = this.definitions.get(name);
    if (!definition) throw new Error(`No queue named ${name} is declared in this process`);
    const queue = this.moduleRef.get<Queue<JobData>>(getQueueToken(name), { strict: false });
    // The queue client waits for Redis without end, and remembers what it is given: one batch of a queue is enough.
    if (this.waiting.has(name)) throw new Error(`Queue ${name} has not answered the batch before`);
    const options: JobOptions = {
      attempts: definition.attempts,
      removeOnComplete: true,
    };
    this.waiting.add(name);
    const jobs = batch.map(({ outboxId, messageId, payload, trace }) => ({
      data: { messageId, payload, ...(trace !== undefined && { trace }) },
      opts: { ...options, jobId: jobIdOf(outboxId) },
    }));
    const again = batch.filter(({ republished }) => republished).map(({ outboxId }) => jobIdOf(outboxId));
    const added = dropTornJobs(queue, again)
      .then(() => addJobs(queue, jobs))
      .finally(() => this.waiting.delete(name));
    // What comes late is published again by then, under the same job ids: harmless.
    const { publishMs } = this.deadlines;
    const ids = await withDeadline(
      added,
      publishMs,
      () => new Error(`Queue ${name} did not confirm within ${publishMs} ms`),
    );
    return batch.map(({ outboxId }) => outboxId).filter((outboxId) => ids.has(jobIdOf(outboxId)));
  }
}
