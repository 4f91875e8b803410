import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { OutboxMetrics } from '../outbox.metrics.js';
import { EveryFew } from './every-few.js';
import { PENDING, UNDONE } from './relaying.sql.js';

const EVERY_MS = 5_000;

interface Row {
  queue: string;
  messages?: number | string;
  age: number | string;
}

/** Keeps the figures of what waits in the outbox current. A queue without any has none. */
@Injectable()
export class OutboxGauges implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly refreshing = new EveryFew(EVERY_MS, () => this.refresh());

  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: OutboxMetrics,
  ) {}

  onApplicationBootstrap(): void {
    this.refreshing.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.refreshing.stop();
  }

  async refresh(): Promise<void> {
    const pending = await this.dataSource.query<Row[]>(PENDING);
    const undone = await this.dataSource.query<Row[]>(UNDONE);
    const { metrics } = this;
    for (const gauge of [metrics.pending, metrics.pendingAge, metrics.undoneAge]) gauge.reset();
    for (const { queue, messages, age } of pending) {
      metrics.pending.set({ queue }, Number(messages));
      metrics.pendingAge.set({ queue }, Number(age));
    }
    for (const { queue, age } of undone) metrics.undoneAge.set({ queue }, Number(age));
  }
}
