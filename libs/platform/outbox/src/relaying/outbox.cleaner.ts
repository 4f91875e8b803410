import { setImmediate as breathe } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { inTransaction } from '@fourfold/db-routing';
import { DataSource, type EntityManager } from 'typeorm';
import { OutboxMetrics } from '../outbox.metrics.js';
import { InjectOutboxSettings, type OutboxSettings } from '../outbox.settings.js';
import { EveryFew } from './every-few.js';
import {
  DELETE_MESSAGES,
  DELETE_PROCESSED,
  QUEUES_DUE,
  SELECT_OLD_DONE,
  SELECT_OLD_PROCESSED,
} from './relaying.sql.js';

const EVERY_MS = 600_000;
/** Small, so that no transaction is long and no replica lags for it. */
const BATCH = 1_000;

/** Deletes what is done and old, in batches by primary key. Several at once take different rows. */
@Injectable()
export class OutboxCleaner implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly cleaning = new EveryFew(EVERY_MS, () => this.clean());

  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: OutboxMetrics,
    @InjectOutboxSettings() private readonly settings: OutboxSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.cleaning.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.cleaning.stop();
  }

  async clean(): Promise<void> {
    const { keepDoneSeconds: keep, keepProcessedSeconds } = this.settings;
    const queues = await this.dataSource.query<{ queue: string }[]>(QUEUES_DUE, ['done', keep]);
    for (const { queue } of queues)
      await this.inBatches('outbox', async (manager) => {
        const rows = await manager.query<{ id: string }[]>(SELECT_OLD_DONE, [queue, keep, keep, BATCH]);
        if (rows.length > 0) await manager.query(DELETE_MESSAGES, [rows.map(({ id }) => id)]);
        return rows.length;
      });
    await this.inBatches('processed_messages', async (manager) => {
      const rows = await manager.query<{ consumer: string; msg_id: string }[]>(SELECT_OLD_PROCESSED, [
        keepProcessedSeconds,
        BATCH,
      ]);
      const keys = rows.map(({ consumer, msg_id }) => [consumer, msg_id]);
      if (keys.length > 0) await manager.query(DELETE_PROCESSED, [keys]);
      return rows.length;
    });
  }

  private async inBatches(table: string, batch: (manager: EntityManager) => Promise<number>): Promise<void> {
    while (!this.cleaning.isStopping) {
      const deleted = await inTransaction(this.dataSource, batch, 'READ COMMITTED');
      this.metrics.cleaned.inc({ table }, deleted);
      // Not before there is none: a short batch may only mean that another cleaner holds the rest.
      if (deleted === 0) return;
      await breathe();
    }
  }
}
