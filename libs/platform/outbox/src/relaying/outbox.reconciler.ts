import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PeriodicTask } from '@fourfold/kernel';
import { DataSource } from 'typeorm';
import { OutboxPublisher } from '../outbox.message.js';
import { OutboxSignal } from '../outbox.signal.js';
import { NOW, QUEUES_DUE, REPUBLISH_ALL, REPUBLISH_LATE } from './relaying.sql.js';

const LATE_EVERY_MS = 2_000;
/** Of one queue at a time: half a relay's batch, as fresh messages share the lane. */
const LATE_PORTION = 100;
const EMPTY_EVERY_MS = 1_000;
const BATCH = 500;
/** No horizon is longer. */
const FARTHEST_SECONDS = 3_600;

/**
 * Offers again what the queue may have lost: everything at once when the queue says that it has lost its data, and in
 * any case what is not done past a horizon. Publishing again is harmless while the queue has the job, and costs three writes of
 * its row: so a backlog that just waits is offered less and less often, and in small portions.
 *
 * The horizon is what repairs a row whose job was lost and that was marked published after the republication: its relay
 * had Redis' answer from before the loss. It is also the only repair when a queue came back with older data.
 */
@Injectable()
export class OutboxReconciler implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(OutboxReconciler.name);
  private readonly horizon = new PeriodicTask({
    name: 'Republishing of late messages',
    everyMs: LATE_EVERY_MS,
    run: () => this.republishLate(),
    log: this.logger,
  });
  private readonly emptiness = new PeriodicTask({
    name: 'Check for a queue that lost its data',
    everyMs: EMPTY_EVERY_MS,
    run: () => this.republishIfEmpty(),
    log: this.logger,
  });
  private isEmpty = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly publisher: OutboxPublisher,
    private readonly signal: OutboxSignal,
  ) {}

  onApplicationBootstrap(): void {
    this.horizon.start();
    this.emptiness.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.horizon.stop(), this.emptiness.stop()]);
  }

  async republishLate(): Promise<void> {
    for (const queue of await this.queuesWithPublished(0))
      await this.republish(REPUBLISH_LATE, [queue, LATE_PORTION]);
  }

  /** The publisher says it once: kept until the rows are changed. */
  private async republishIfEmpty(): Promise<void> {
    this.isEmpty = (await this.publisher.foundEmpty()) || this.isEmpty;
    if (!this.isEmpty) return;
    const [row] = await this.dataSource.query<{ now: string }[]>(NOW);
    let messages = 0;
    for (const queue of await this.queuesWithPublished(FARTHEST_SECONDS))
      messages += await this.republishAll(queue, row!.now);
    this.isEmpty = false;
    if (messages > 0)
      this.logger.warn(`The queue has lost its data: ${messages} messages are published again`);
  }

  /** @param withinSeconds how far ahead the horizon of one of a queue's rows may be */
  private async queuesWithPublished(withinSeconds: number): Promise<string[]> {
    const rows = await this.dataSource.query<{ queue: string }[]>(QUEUES_DUE, ['published', -withinSeconds]);
    return rows.map(({ queue }) => queue);
  }

  private async republishAll(queue: string, publishedUntil: string): Promise<number> {
    for (let messages = 0; ;) {
      const batch = await this.republish(REPUBLISH_ALL, [queue, publishedUntil, BATCH]);
      messages += batch;
      if (batch < BATCH) return messages;
    }
  }

  private async republish(statement: string, parameters: readonly unknown[]): Promise<number> {
    const { affectedRows } = await this.dataSource.query<{ affectedRows: number }>(statement, [
      ...parameters,
    ]);
    if (affectedRows > 0) this.signal.nudge();
    return affectedRows;
  }
}
