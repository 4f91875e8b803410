import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { DeadReason } from '../dead-reason.js';
import { DeadLetterMetrics } from './dead-letter.metrics.js';
import { COUNT_OPEN } from './dead-letter.sql.js';
import { PeriodicTask } from './periodic.task.js';

const REFRESH_EVERY_MS = 10_000;

interface OpenRow {
  queue: string;
  reason: DeadReason;
  letters: string | number;
}

/** Keeps `queue_dead_letters_open` current. */
@Injectable()
export class OpenLettersGauge implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task = new PeriodicTask(OpenLettersGauge.name, REFRESH_EVERY_MS, () => this.refresh());

  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: DeadLetterMetrics,
  ) {}

  onApplicationBootstrap(): void {
    this.task.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.task.stop();
  }

  async refresh(): Promise<void> {
    const rows = await this.dataSource.query<OpenRow[]>(COUNT_OPEN);
    this.metrics.open.reset();
    for (const { queue, reason, letters } of rows) this.metrics.open.set({ queue, reason }, Number(letters));
  }
}
