import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { ObjectStore } from '@fourfold/object-storage';
import type { ChangedDay, WarehouseStore } from '../store/warehouse.store.js';
import { WAREHOUSE_OPTIONS, type WarehouseSettings } from '../warehouse.options.js';
import type { OnStep } from './sync.steps.js';

/** One file a table and day, whatever is in it: `warehouse/orders/day=2026-11-29/orders.parquet`. */
export const dayKey = ({ table, day }: ChangedDay): string =>
  `warehouse/${table}/day=${day}/${table}.parquet`;

/**
 * Writes changed days to object storage. A day's file is put whole in the place of the one before: a put shows all of it or
 * nothing, so a reader of the folder sees each row once at any moment, also after a put that was repeated.
 */
@Injectable()
export class DayFiles {
  constructor(
    private readonly store: ObjectStore,
    @Inject(WAREHOUSE_OPTIONS) private readonly settings: WarehouseSettings,
  ) {}

  async put(warehouse: WarehouseStore, day: ChangedDay, signal: AbortSignal, onStep: OnStep): Promise<void> {
    // One name: what a process that was killed has left is written over.
    const path = join(this.settings.directory, 'day.parquet');
    try {
      await warehouse.writeDay(day, path);
      await onStep('day-written');
      await this.store.put(dayKey(day), createReadStream(path), { signal });
      await onStep('day-stored');
      await warehouse.dayStored(day);
      await onStep('day-noted');
    } finally {
      await rm(path, { force: true });
    }
  }
}
