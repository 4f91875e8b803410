import { Injectable, Logger } from '@nestjs/common';
import { withDeadline } from '@fourfold/kernel';
import { OutboxPublisher, type RelayedMessage } from '@fourfold/outbox';
import { addJobs, dropTornJobs } from './bull/add-jobs.js';
import { BullQueues } from './bull/bull-queues.js';
import { jobIdOf } from './job-data.js';
import { OperatingConnection } from './operating/operating.connection.js';
import { OutboxEpoch } from './outbox-epoch.js';
import type { QueueSettings } from './queue.options.js';
import { InjectQueueDefinitions, InjectQueueSettings } from './queue.tokens.js';
import type { QueueDefinition } from './queue-definition.js';

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
    @InjectQueueSettings() private readonly settings: Pick<QueueSettings, 'publishDeadlineMs'>,
    private readonly bull: BullQueues,
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
    const queue = this.bull.of(name);
    // The queue client waits for Redis without end, and remembers what it is given: one batch of a queue is enough.
    if (this.waiting.has(name)) throw new Error(`Queue ${name} has not answered the batch before`);
    const options = { attempts: definition.attempts, removeOnComplete: true };
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
    const { publishDeadlineMs: waitMs } = this.settings;
    const ids = await withDeadline(
      added,
      waitMs,
      () => new Error(`Queue ${name} did not confirm within ${waitMs} ms`),
    );
    return batch.map(({ outboxId }) => outboxId).filter((outboxId) => ids.has(jobIdOf(outboxId)));
  }
}
