import { LONGEST_TIMER_MS, parseOptions } from '@fourfold/kernel';
import { z } from 'zod';

const optionsSchema = z.strictObject({
  /** An absolute path: the folder of the DuckDB file, on a disk of this machine. It is made when it is not there. */
  directory: z.string().regex(/^\//, 'must be an absolute path'),
  /**
   * How far behind the servers' clocks a sync stays, beside any open transaction. It has to be longer than a statement takes
   * from its start to its first row, and than the clocks of a primary and of its successor are apart. At least 200 ms: the
   * server's list of open transactions is up to 100 ms old. Default 10,000.
   */
  lagMs: z.int().min(200).max(3_600_000).default(10_000),
  /** What DuckDB may hold in memory, in MiB. Default 512. */
  memoryMb: z.int().min(128).max(1_048_576).default(512),
  /** DuckDB's threads. Default 2. */
  threads: z.int().min(1).max(256).default(2),
  /** How long to wait for a file that another process has open. Default 30,000. */
  fileWaitMs: z.int().min(0).max(LONGEST_TIMER_MS).default(30_000),
});

export type WarehouseOptions = z.input<typeof optionsSchema>;
export type WarehouseSettings = z.output<typeof optionsSchema>;

export const WAREHOUSE_OPTIONS = Symbol('WAREHOUSE_OPTIONS');

/** @throws ConfigurationError */
export function warehouseSettings(options: WarehouseOptions): WarehouseSettings {
  return parseOptions('WarehouseModule', optionsSchema, options);
}
