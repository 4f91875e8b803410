import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PeriodicTask } from '@fourfold/kernel';
import { DataSource } from 'typeorm';
import { OutboxPublisher } from '../outbox.message.js';
import { OutboxMetrics } from '../outbox.metrics.js';
import { PENDING, UNDONE } from './relaying.sql.js';

const EVERY_MS = 5_000;

interface Row {
  queue: string;
  messages?: number | string;
  age: number | string;
}

/**
 * Keeps the figures of what waits in the outbox current: 0 for each queue of the publisher. While the database does not
 * answer they are missing: a figure that stands still would look like an outbox at rest.
 */
@Injectable()
export class OutboxGauges implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly task = new PeriodicTask({
    name: 'Counting of the outbox',
    everyMs: EVERY_MS,
    run: () => this.refresh(),
    log: new Logger(OutboxGauges.name),
  });

  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: OutboxMetrics,
    private readonly publisher: OutboxPublisher,
  ) {}

  onApplicationBootstrap(): void {
    this.task.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.task.stop();
  }

  async refresh(): Promise<void> {
    const { metrics } = this;
    const gauges = [metrics.pending, metrics.pendingAge, metrics.undoneAge];
    const [pending, undone] = await this.look().finally(() => gauges.forEach((gauge) => gauge.reset()));
    for (const queue of this.publisher.queues) for (const gauge of gauges) gauge.set({ queue }, 0);
    for (const { queue, messages, age } of pending) {
      metrics.pending.set({ queue }, Number(messages));
      metrics.pendingAge.set({ queue }, Number(age));
    }
    for (const { queue, age } of undone) metrics.undoneAge.set({ queue }, Number(age));
  }

  private async look(): Promise<[pending: Row[], undone: Row[]]> {
    const pending = await this.dataSource.query<Row[]>(PENDING);
    return [pending, await this.dataSource.query<Row[]>(UNDONE)];
  }
}
