import { z } from 'zod';
import type { WarehouseOptions } from './warehouse.options.js';

/** The environment variables of the warehouse, to be spread into an application's own schema. */
export const warehouseEnv = {
  /** The folder of the DuckDB file, on a disk that one process alone uses. Without it a process has no warehouse. */
  WAREHOUSE_DIR: z.string().regex(/^\//, 'must be an absolute path').optional(),
  /** How far behind the servers' clocks a sync stays, beside any open transaction. */
  WAREHOUSE_LAG_MS: z.coerce.number().int().min(200).max(3_600_000).default(10_000),
  /** What DuckDB may hold in memory, in MiB. */
  WAREHOUSE_MEMORY_MB: z.coerce.number().int().min(128).max(1_048_576).default(512),
};

type WarehouseConfig = z.output<z.ZodObject<typeof warehouseEnv>>;

/** @returns undefined where there is no warehouse */
export function warehouseOptionsOf(config: WarehouseConfig): WarehouseOptions | undefined {
  const { WAREHOUSE_DIR: directory, WAREHOUSE_LAG_MS: lagMs, WAREHOUSE_MEMORY_MB: memoryMb } = config;
  return directory === undefined ? undefined : { directory, lagMs, memoryMb };
}
