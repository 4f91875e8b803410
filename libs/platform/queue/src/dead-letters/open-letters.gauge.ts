import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type DeadReason, deadReasons } from '../dead-reason.js';
import type { QueueDefinition } from '../queue.definition.js';
import { InjectQueueDefinitions } from '../queue.tokens.js';
import { DeadLetterMetrics } from './dead-letter.metrics.js';
import { COUNT_OPEN } from './dead-letter.sql.js';
import { PeriodicTask } from './periodic.task.js';

const REFRESH_EVERY_MS = 10_000;

interface OpenRow {
  queue: string;
  reason: DeadReason;
  letters: string | number;
}

/** Keeps `queue_dead_letters_open` current: it is missing while the database does not answer. */
@Injectable()
export class OpenLettersGauge implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task = new PeriodicTask(OpenLettersGauge.name, REFRESH_EVERY_MS, () => this.refresh());

  private readonly queues: readonly string[];

  constructor(
    @InjectQueueDefinitions() definitions: readonly QueueDefinition[],
    private readonly dataSource: DataSource,
    private readonly metrics: DeadLetterMetrics,
  ) {
    this.queues = definitions.map(({ name }) => name);
  }

  onApplicationBootstrap(): void {
    this.metrics.startAtZero(this.queues);
    this.task.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.task.stop();
  }

  async refresh(): Promise<void> {
    const { open } = this.metrics;
    const rows = await this.dataSource.query<OpenRow[]>(COUNT_OPEN).finally(() => open.reset());
    for (const queue of this.queues) for (const reason of deadReasons) open.set({ queue, reason }, 0);
    for (const { queue, reason, letters } of rows) open.set({ queue, reason }, Number(letters));
  }
}
