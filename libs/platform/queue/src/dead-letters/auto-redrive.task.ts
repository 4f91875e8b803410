import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { inTransaction } from '@fourfold/db-routing';
import { PeriodicTask } from '@fourfold/kernel';
import { DataSource } from 'typeorm';
import type { QueueDefinition } from '../queue-definition.js';
import { InjectQueueDefinitions } from '../queue.tokens.js';
import { SYSTEM } from './dead-letter.js';
import { DeadLetterMetrics } from './dead-letter.metrics.js';
import { LOCK_DUE, STOP_AUTO_REDRIVE } from './dead-letter.sql.js';
import { type LockedLetter, Redrive } from './redrive.js';

const EVERY_MS = 1_000;
const BATCH = 100;

/** Redrives letters whose `auto_redrive_at` has passed: an outage heals without an operator. */
@Injectable()
export class AutoRedriveTask implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task = new PeriodicTask({
    name: 'Auto redrive',
    everyMs: EVERY_MS,
    run: (stopping) => this.redriveDue(stopping),
    log: new Logger(AutoRedriveTask.name),
  });
  private readonly queues: readonly string[];

  constructor(
    @InjectQueueDefinitions() definitions: readonly QueueDefinition[],
    private readonly dataSource: DataSource,
    private readonly redrive: Redrive,
    private readonly metrics: DeadLetterMetrics,
  ) {
    this.queues = definitions.map(({ name }) => name);
  }

  onApplicationBootstrap(): void {
    if (this.queues.length > 0) this.task.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.task.stop();
  }

  private async redriveDue(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) if ((await this.redriveBatch()) < BATCH) return;
  }

  /** @returns how many were due */
  private async redriveBatch(): Promise<number> {
    const { due, redriven } = await inTransaction(this.dataSource, async (manager) => {
      const letters = await manager.query<LockedLetter[]>(LOCK_DUE, [this.queues, BATCH]);
      const outcome = await this.redrive.apply(manager, letters, SYSTEM);
      // A letter that can't be delivered is not tried again: it stays open for an operator.
      const left = outcome.left.map(({ letter }) => letter.id);
      if (left.length > 0) await manager.query(STOP_AUTO_REDRIVE, [left]);
      return { due: letters.length, redriven: outcome.redriven };
    });
    for (const { queue } of redriven) this.metrics.autoRedriven.inc({ queue });
    return due;
  }
}
