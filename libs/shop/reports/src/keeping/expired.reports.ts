import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { PeriodicTask } from '@fourfold/kernel';
import { ObjectStore } from '@fourfold/object-storage';
import { composeSnowflake } from '@fourfold/sharding';
import { DataSource } from 'typeorm';
import { REPORTS_OPTIONS, type ReportsSettings } from '../reports.options.js';

const DAY_MS = 24 * 60 * 60_000;
const EVERY_MS = 60 * 60_000;
const BATCH = 100;

/** Primary key; ids grow with time. */
export const FIND_EXPIRED = `
  SELECT CAST(id AS CHAR) AS reportId, object_key AS objectKey FROM reports WHERE id < ? ORDER BY reports.id LIMIT ${BATCH}
`;

/** Primary key. */
const DELETE_REPORTS = `DELETE FROM reports WHERE id IN (?)`;

/** Removes reports whose time is over: the file first, so that none is left that no row knows. */
@Injectable()
export class ExpiredReports implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ExpiredReports.name);
  private readonly task = new PeriodicTask({
    name: 'Removing old reports',
    everyMs: EVERY_MS,
    jitter: 0.2,
    run: (stopping) => this.removeAll(stopping),
    log: this.logger,
  });

  constructor(
    private readonly dataSource: DataSource,
    private readonly store: ObjectStore,
    @Inject(REPORTS_OPTIONS) private readonly settings: ReportsSettings,
  ) {}

  onApplicationBootstrap(): void {
    if (this.settings.cleans) this.task.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.task.stop();
  }

  private async removeAll(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted && (await this.remove(Date.now())) === BATCH);
  }

  /** One batch of those that are too old at `nowMs`. @returns how many that were */
  async remove(nowMs: number): Promise<number> {
    const before = composeSnowflake({
      timeMs: nowMs - this.settings.retentionDays * DAY_MS,
      workerId: 0,
      sequence: 0,
    });
    const rows = await this.dataSource.query<{ reportId: string; objectKey: string | null }[]>(FIND_EXPIRED, [
      before,
    ]);
    for (const { objectKey } of rows) if (objectKey !== null) await this.store.delete(objectKey);
    if (rows.length > 0) await this.dataSource.query(DELETE_REPORTS, [rows.map(({ reportId }) => reportId)]);
    return rows.length;
  }
}
