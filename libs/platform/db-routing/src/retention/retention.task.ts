import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PeriodicTask } from '@fourfold/kernel';
import { startAtZero } from '@fourfold/observability/metrics';
import type { DataSource, EntityManager } from 'typeorm';
import { isRetryableConflict } from '../driver-error.js';
import { inTransaction } from '../transaction.js';
import { retentionMetrics } from './retention.metrics.js';

const EVERY_MS = 60_000;
/** Small, so that no transaction is long and no replica lags for it. */
const BATCH = 500;
/** Between two batches, and never less than the one before took: replicas apply it, and others write, in that time. */
const LEAST_PAUSE_MS = 20;

/** A table whose rows go when they are old enough. */
export interface ExpiringRows {
  /** Names them in the metrics and the log. */
  readonly table: string;
  /**
   * In a transaction at read committed: deletes up to `limit` rows that are old enough, the oldest first.
   * @returns how many
   */
  readonly deleteBatch: (manager: EntityManager, limit: number) => Promise<number>;
  /** A statement that gives `age`, that of the oldest row, in seconds; null where there is none. */
  readonly oldest: string;
}

/**
 * Finds rows that are old enough by an index that has them in the order of their age, and deletes them by primary key. Not
 * one `DELETE` by age: it would wait for each row that another transaction has in hand, with all rows before it locked.
 * @param find gives the columns of the primary key, in its order. Its parameters are the age in seconds and the limit; it
 *   ends with `FOR UPDATE SKIP LOCKED`, so that rows in other hands are left, and several cleaners take different rows
 * @param remove with one parameter, `WHERE (the, primary, key) IN (?)`
 */
export function olderThan(
  seconds: number,
  find: string,
  remove: string,
): (manager: EntityManager, limit: number) => Promise<number> {
  return async (manager, limit) => {
    const rows = await manager.query<object[]>(find, [seconds, limit]);
    if (rows.length > 0) await manager.query(remove, [rows.map((row) => Object.values(row) as unknown[])]);
    return rows.length;
  };
}

/**
 * Deletes the rows of one table that are old enough, in small batches with pauses, and looks for new ones each minute.
 * Any number of processes may do it at once. One that stops, or dies in the middle of a batch, leaves the rest to the
 * next round of any of them.
 */
export class RetentionTask implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly metrics = retentionMetrics();
  private readonly task: PeriodicTask;

  constructor(
    private readonly dataSource: DataSource,
    private readonly rows: ExpiringRows,
  ) {
    startAtZero(this.metrics.cleaned, { table: [rows.table] });
    this.task = new PeriodicTask({
      name: `Cleaning of ${rows.table}`,
      everyMs: EVERY_MS,
      run: () => this.round(),
      log: new Logger(RetentionTask.name),
    });
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.task.stop();
  }

  /** One batch. @returns how many rows it deleted: when that is none, others may still hold some that are old enough */
  async clean(): Promise<number> {
    const batch = (manager: EntityManager) => this.rows.deleteBatch(manager, BATCH);
    const deleted = await inTransaction(this.dataSource, batch, 'READ COMMITTED').catch((error: unknown) => {
      // Of a small table the server reads every row to delete some, also those that other cleaners have in hand.
      if (isRetryableConflict(error)) return 0;
      throw error;
    });
    this.metrics.cleaned.inc({ table: this.rows.table }, deleted);
    return deleted;
  }

  /** @returns milliseconds until the next one */
  private async round(): Promise<number> {
    const startMs = performance.now();
    const deleted = await this.clean();
    const tookMs = performance.now() - startMs;
    await this.lookAtOldest();
    return deleted === 0 ? EVERY_MS : Math.max(LEAST_PAUSE_MS, tookMs);
  }

  /** While the database does not answer the figure is missing. */
  private async lookAtOldest(): Promise<void> {
    const { table, oldest } = this.rows;
    const look = this.dataSource.query<{ age: number | string | null }[]>(oldest);
    const [row] = await look.finally(() => this.metrics.oldest.remove({ table }));
    this.metrics.oldest.set({ table }, Math.max(0, Number(row?.age ?? 0)));
  }
}
