import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ChangeSource } from '../changes/change.source.js';
import { OrdersSource } from '../changes/orders.source.js';
import { UsersSweep } from '../changes/users.sweep.js';
import { type ChangeBatch, WarehouseStore } from '../store/warehouse.store.js';
import { type TableName, tableNames } from '../store/warehouse.tables.js';
import { WarehouseMetrics } from '../warehouse.metrics.js';
import { WAREHOUSE_OPTIONS, type WarehouseSettings } from '../warehouse.options.js';
import { DayFiles } from './day.files.js';
import { WarehouseBusyError } from '../warehouse.errors.js';
import { LeaseLostError, SyncLease } from './sync.lease.js';
import type { OnStep } from './sync.steps.js';

export interface SyncOptions {
  /** Looked at between two batches: what is committed stays, and the next sync goes on from there. */
  readonly signal?: AbortSignal | undefined;
  /** After each batch and file. */
  readonly onProgress?: ((done: SyncOutcome) => void) | undefined;
  /** For tests that stop at a step. */
  readonly onStep?: OnStep | undefined;
}

export interface SyncOutcome {
  /** Rows that were read and written, by table. An order that has changed counts its items again. */
  readonly rows: Readonly<Record<TableName, number>>;
  /** Parquet files. */
  readonly files: number;
  /** False: it was told to stop before its end. */
  readonly complete: boolean;
}

interface Pass {
  readonly warehouse: WarehouseStore;
  readonly signal: AbortSignal;
  readonly onStep: OnStep;
  readonly outcome: { rows: Record<TableName, number>; files: number; complete: boolean };
  readonly tell: () => void;
}

/** A transaction that is open for longer is one to look at. */
const HELD_WORTH_TELLING_SECONDS = 60;

const unwatched: OnStep = async () => {};

/**
 * Brings the warehouse up to what the servers had when it began: each source from its watermark to its horizon, by batches,
 * and then the Parquet files of the days that have changed. Files of a table are written only once all of its sources were
 * read to their horizon: a warehouse that begins anew, or from a backup, never replaces a file by an older one.
 *
 * It may be killed at any moment. The next one goes on at the watermarks, and writes the files that are not noted as written.
 */
@Injectable()
export class SyncWarehouse {
  private readonly logger = new Logger(SyncWarehouse.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly orders: OrdersSource,
    private readonly users: UsersSweep,
    private readonly files: DayFiles,
    private readonly metrics: WarehouseMetrics,
    @Inject(WAREHOUSE_OPTIONS) private readonly settings: WarehouseSettings,
  ) {}

  /**
   * @throws WarehouseBusyError, WarehouseUnusableError, WarehousePrivilegeError; the error of a source or of object storage,
   *   or an AggregateError of several, after all others were done
   */
  async execute(options: SyncOptions = {}): Promise<SyncOutcome> {
    try {
      return await this.underLease(options);
    } catch (error) {
      if (error instanceof WarehouseBusyError && !(error instanceof LeaseLostError)) this.metrics.leftOut();
      else this.metrics.failed();
      throw error;
    }
  }

  private async underLease({ signal, onProgress, onStep = unwatched }: SyncOptions): Promise<SyncOutcome> {
    const lease = await SyncLease.take(this.dataSource);
    try {
      await onStep('leased');
      const both = signal ? AbortSignal.any([signal, lease.signal]) : lease.signal;
      const outcome = await this.inWarehouse(both, onStep, onProgress);
      lease.signal.throwIfAborted();
      return outcome;
    } finally {
      await lease.giveBack();
    }
  }

  private async inWarehouse(
    signal: AbortSignal,
    onStep: OnStep,
    onProgress: SyncOptions['onProgress'],
  ): Promise<SyncOutcome> {
    const warehouse = await WarehouseStore.open(this.settings);
    const rows = Object.fromEntries(tableNames.map((table) => [table, 0])) as Record<TableName, number>;
    const outcome = { rows, files: 0, complete: true };
    try {
      await onStep('opened');
      await this.sync({ warehouse, signal, onStep, outcome, tell: () => onProgress?.(outcome) });
    } finally {
      await warehouse.states().then(
        (states) => this.metrics.show(states),
        () => undefined,
      );
      warehouse.close();
    }
    await onStep('closed');
    outcome.complete = !signal.aborted;
    if (outcome.complete) this.metrics.succeeded();
    return outcome;
  }

  private async sync(pass: Pass): Promise<void> {
    const sources = [this.orders, ...this.users.sources];
    const errors: unknown[] = [];
    const behind = new Set<TableName>();
    for (const source of sources) {
      const isComplete = await this.read(source, pass).catch((error: unknown) => void errors.push(error));
      if (isComplete !== true) source.tables.forEach((table) => behind.add(table));
    }
    if (errors.length === 0) await pass.warehouse.forgetOtherSources(sources.map(({ name }) => name));
    await this.writeDays(behind, pass).catch((error: unknown) => errors.push(error));
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1)
      throw new AggregateError(errors, `${errors.length} parts of the warehouse’s sync failed`);
  }

  /** @returns whether it came to the source's horizon */
  private async read(
    source: ChangeSource,
    { warehouse, signal, onStep, outcome, tell }: Pass,
  ): Promise<boolean> {
    const { at: horizon, heldSeconds } = await source.horizon();
    await onStep('horizon-known');
    if (heldSeconds > HELD_WORTH_TELLING_SECONDS)
      this.logger.warn({ source: source.name, heldSeconds }, 'An open transaction holds the warehouse back');
    let after = await warehouse.watermarkOf(source.name);
    while (!signal.aborted) {
      const batch = await source.next(after, horizon);
      if (batch === undefined) {
        await warehouse.completed(source.name, horizon);
        await onStep('source-complete');
        return true;
      }
      await onStep('batch-read');
      await warehouse.apply(batch, () => onStep('batch-applied'));
      this.count(batch, outcome.rows);
      await onStep('batch-committed');
      after = batch.watermark;
      tell();
    }
    return false;
  }

  private async writeDays(behind: ReadonlySet<TableName>, pass: Pass): Promise<void> {
    const { warehouse, signal, onStep, outcome, tell } = pass;
    for (const day of await warehouse.changedDays()) {
      if (signal.aborted) return;
      if (behind.has(day.table)) continue;
      await this.files.put(warehouse, day, signal, onStep);
      this.metrics.stored(day.table);
      outcome.files += 1;
      tell();
    }
  }

  private count({ rows }: ChangeBatch, counted: Record<TableName, number>): void {
    for (const table of tableNames) {
      const length = rows[table]?.length ?? 0;
      counted[table] += length;
      this.metrics.read(table, length);
    }
  }
}
