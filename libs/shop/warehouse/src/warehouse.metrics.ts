import { Injectable } from '@nestjs/common';
import { counter, gauge, startAtZero } from '@fourfold/observability/metrics';
import type { SourceState } from './store/warehouse.store.js';
import { type TableName, tableNames } from './store/warehouse.tables.js';

/** Of this process's warehouse; one process has one. */
const known: { completeMs?: number | undefined; succeededMs?: number | undefined } = {};

@Injectable()
export class WarehouseMetrics {
  private readonly rows = counter({
    name: 'warehouse_rows_total',
    help: 'Rows that syncs have written to the warehouse, new ones and changed ones',
    labelNames: ['table'],
  });

  private readonly files = counter({
    name: 'warehouse_files_total',
    help: 'Parquet files that syncs have put into object storage',
    labelNames: ['table'],
  });

  private readonly syncs = counter({
    name: 'warehouse_syncs_total',
    help: 'Syncs of the warehouse, by how they ended',
    labelNames: ['outcome'],
  });

  private readonly behind = gauge({
    name: 'warehouse_behind_seconds',
    help: 'How long ago the moment is up to which all changes are in the warehouse, of its worst source',
    collect() {
      // While it is not known it grows too: a worker that never gets to read its sources is noticed.
      const sinceMs = known.completeMs ?? performance.timeOrigin;
      this.set(Math.max(0, Date.now() - sinceMs) / 1_000);
    },
  });

  private readonly lastSuccess = gauge({
    name: 'warehouse_last_success_timestamp_seconds',
    help: 'When a sync of this process last came to its end',
    collect() {
      this.remove();
      if (known.succeededMs !== undefined) this.set(known.succeededMs / 1_000);
    },
  });

  constructor() {
    startAtZero(this.rows, { table: tableNames });
    startAtZero(this.files, { table: tableNames });
    startAtZero(this.syncs, { outcome: ['done', 'failed', 'left_out'] });
  }

  read(table: TableName, rows: number): void {
    this.rows.inc({ table }, rows);
  }

  stored(table: TableName): void {
    this.files.inc({ table });
  }

  failed(): void {
    this.syncs.inc({ outcome: 'failed' });
  }

  /** Another process has the lease or the file. */
  leftOut(): void {
    this.syncs.inc({ outcome: 'left_out' });
  }

  succeeded(): void {
    this.syncs.inc({ outcome: 'done' });
    known.succeededMs = Date.now();
  }

  /** From now on `warehouse_behind_seconds` grows with each second, until the next states are shown. */
  show(states: readonly SourceState[]): void {
    known.completeMs = completeMsOf(states);
  }
}

/** @returns undefined while there is a source that was never read to its end */
function completeMsOf(states: readonly SourceState[]): number | undefined {
  const times = states.map(({ completeAt }) =>
    completeAt === null ? NaN : Date.parse(`${completeAt.replace(' ', 'T')}Z`),
  );
  const oldest = Math.min(...times);
  return Number.isFinite(oldest) ? oldest : undefined;
}
