import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { PeriodicTask } from '@fourfold/kernel';
import { counter, gauge, startAtZero } from '@fourfold/observability/metrics';
import { DataSource } from 'typeorm';
import { type DeadReason, deadReasons } from '../dead-reason.js';
import type { QueueDefinition } from '../queue-definition.js';
import { InjectQueueDefinitions } from '../queue.tokens.js';
import { COUNT_OPEN } from './dead-letter.sql.js';

const REFRESH_EVERY_MS = 10_000;

@Injectable()
export class DeadLetterMetrics {
  readonly recorded = counter({
    name: 'queue_dead_letters_total',
    help: 'Jobs that were recorded as dead letters, each once in all processes',
    labelNames: ['queue', 'reason'],
  });

  readonly open = gauge({
    name: 'queue_dead_letters_open',
    help: 'Dead letters that are still open, as the table says: the same number in every worker',
    labelNames: ['queue', 'reason'],
  });

  readonly autoRedriven = counter({
    name: 'queue_dead_letters_auto_redriven_total',
    help: 'Dead letters that were delivered anew without an operator',
    labelNames: ['queue'],
  });

  startAtZero(queue: readonly string[]): void {
    startAtZero(this.recorded, { queue, reason: deadReasons });
    startAtZero(this.autoRedriven, { queue });
  }
}

interface OpenRow {
  queue: string;
  reason: DeadReason;
  letters: string | number;
}

/** Keeps `queue_dead_letters_open` current: it is missing while the database does not answer. */
@Injectable()
export class OpenLettersGauge implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task = new PeriodicTask({
    name: 'Counting of open dead letters',
    everyMs: REFRESH_EVERY_MS,
    run: () => this.refresh(),
    log: new Logger(OpenLettersGauge.name),
  });
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
