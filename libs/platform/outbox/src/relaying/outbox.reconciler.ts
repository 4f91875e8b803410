import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { OutboxPublisher } from '../outbox.message.js';
import { OutboxSignal } from '../outbox.signal.js';
import { EveryFew } from './every-few.js';
import { NOW, QUEUES_DUE, REPUBLISH_ALL, REPUBLISH_LOST } from './relaying.sql.js';

/** What is published and not done for this long after its lease is offered to the queue again: its job may be lost. */
const HORIZON_SECONDS = 60;
const HORIZON_EVERY_MS = 30_000;
const EMPTY_EVERY_MS = 1_000;
const BATCH = 500;

/**
 * Offers again what the queue may have lost: everything at once when the queue says that it has lost its data, and in
 * any case what is not done past a horizon. Offering is harmless while the queue has the job.
 *
 * The horizon is what repairs a row whose job was lost and that was marked published after the republication: its relay
 * had Redis' answer from before the loss. It is also the only repair when a queue came back with older data.
 */
@Injectable()
export class OutboxReconciler implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(OutboxReconciler.name);
  private readonly horizon = new EveryFew(HORIZON_EVERY_MS, () => this.republishLate());
  private readonly emptiness = new EveryFew(EMPTY_EVERY_MS, () => this.republishIfEmpty());

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
    for (const queue of await this.queuesWith('published', HORIZON_SECONDS))
      await this.inBatches(REPUBLISH_LOST, [queue, HORIZON_SECONDS, BATCH]);
  }

  private async republishIfEmpty(): Promise<void> {
    if (!(await this.publisher.foundEmpty())) return;
    const [row] = await this.dataSource.query<{ now: string }[]>(NOW);
    let messages = 0;
    // Rows of a lease that still runs count as well: as if it had run out an hour ago.
    for (const queue of await this.queuesWith('published', -3_600))
      messages += await this.inBatches(REPUBLISH_ALL, [queue, row!.now, BATCH]);
    if (messages > 0)
      this.logger.warn(`The queue has lost its data: ${messages} messages are published again`);
  }

  private async queuesWith(state: string, availableForSeconds: number): Promise<string[]> {
    const rows = await this.dataSource.query<{ queue: string }[]>(QUEUES_DUE, [state, availableForSeconds]);
    return rows.map(({ queue }) => queue);
  }

  private async inBatches(statement: string, parameters: readonly unknown[]): Promise<number> {
    for (let messages = 0; ;) {
      const { affectedRows } = await this.dataSource.query<{ affectedRows: number }>(statement, [
        ...parameters,
      ]);
      messages += affectedRows;
      if (affectedRows > 0) this.signal.nudge();
      if (affectedRows < BATCH) return messages;
    }
  }
}
