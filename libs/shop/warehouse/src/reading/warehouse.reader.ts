import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Json } from '@duckdb/node-api';
import { Inject, Injectable } from '@nestjs/common';
import { openDuck, type OpenDuck } from '../store/duck.js';
import { type SourceState, statesOf, warehousePath } from '../store/warehouse.store.js';
import { tableNames, type TableName } from '../store/warehouse.tables.js';
import { WarehouseQueryError, WarehouseUnusableError } from '../warehouse.errors.js';
import { WAREHOUSE_OPTIONS, type WarehouseSettings } from '../warehouse.options.js';

/** As DuckDB writes a value in JSON; integers of 64 bits, decimals and times come as text. */
export type ResultValue = Json;

export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly ResultValue[])[];
}

export interface WarehouseStatus {
  readonly path: string;
  readonly bytes: number;
  readonly rows: Readonly<Record<TableName, number>>;
  readonly sources: readonly SourceState[];
  /** Days whose Parquet file is not written yet. */
  readonly daysToWrite: number;
}

/** More would not be read, and would fill this process's memory. */
const MOST_ROWS = 100_000;

/** Looks into the warehouse between two syncs. */
@Injectable()
export class WarehouseReader {
  constructor(@Inject(WAREHOUSE_OPTIONS) private readonly settings: WarehouseSettings) {}

  /**
   * Runs one statement that reads. The file is opened read-only, DuckDB may touch no other file and no network, and the
   * statement can change neither.
   * @throws WarehouseQueryError for a write, for several statements, and with what DuckDB says of a wrong one;
   *   WarehouseBusyError, WarehouseUnusableError
   */
  query(sql: string): Promise<QueryResult> {
    return this.open(async ({ connection }) => {
      try {
        const statements = await connection.extractStatements(sql);
        if (statements.count !== 1)
          throw new WarehouseQueryError(`There has to be one statement, not ${statements.count}`);
        const reader = await connection.streamAndReadUntil(sql, MOST_ROWS + 1);
        if (reader.currentRowCount > MOST_ROWS)
          throw new WarehouseQueryError(`The result has over ${MOST_ROWS} rows: add a LIMIT, or sum up`);
        return { columns: reader.columnNames(), rows: reader.getRowsJson() };
      } catch (error) {
        throw error instanceof WarehouseQueryError ? error : refusal(error as Error);
      }
    });
  }

  /** @throws WarehouseBusyError, WarehouseUnusableError */
  status(): Promise<WarehouseStatus> {
    return this.open(async ({ connection }) => {
      const count = async (table: string): Promise<number> => {
        const reader = await connection.runAndReadAll(`SELECT COUNT(*) FROM ${table}`);
        return Number(reader.getRowsJson()[0]![0]);
      };
      const rows = {} as Record<TableName, number>;
      for (const table of tableNames) rows[table] = await count(table);
      const path = warehousePath(this.settings);
      return {
        path,
        bytes: (await stat(path)).size,
        rows,
        sources: await statesOf(connection),
        daysToWrite: await count('sync.changed_days'),
      };
    });
  }

  /** Of a process that starts. @returns none where there is no warehouse yet, or another process has it open */
  async states(): Promise<readonly SourceState[]> {
    // Where there is none, nothing of DuckDB is loaded.
    if (!existsSync(warehousePath(this.settings))) return [];
    return this.open(({ connection }) => statesOf(connection), 0).catch(() => []);
  }

  private async open<T>(work: (duck: OpenDuck) => Promise<T>, waitMs = this.settings.fileWaitMs): Promise<T> {
    const { memoryMb, threads } = this.settings;
    const duck = await openDuck({
      path: warehousePath(this.settings),
      readOnly: true,
      memoryMb,
      threads,
      waitMs,
    });
    try {
      // Neither can be taken back by the statement.
      await duck.connection.run('SET enable_external_access = false');
      await duck.connection.run('SET lock_configuration = true');
      return await work(duck);
    } catch (error) {
      if (
        /sync\.\w+ does not exist|Table with name \w+ does not exist/.test((error as Error).message) &&
        !(error instanceof WarehouseQueryError)
      )
        throw new WarehouseUnusableError(
          `${warehousePath(this.settings)}: the first sync has not begun its tables yet`,
          {
            cause: error,
          },
        );
      throw error;
    } finally {
      duck.close();
    }
  }
}

function refusal({ message }: Error): WarehouseQueryError {
  if (/read-only mode/i.test(message))
    return new WarehouseQueryError('The warehouse is read-only for queries: a sync alone writes to it', {
      cause: message,
    });
  if (/file system operations are disabled|external access|Permission Error/i.test(message))
    return new WarehouseQueryError('A query may read the warehouse’s tables, and no files or addresses', {
      cause: message,
    });
  // What DuckDB's driver says of a text without any statement.
  if (message === 'Error in native callback')
    return new WarehouseQueryError('There has to be one statement, not 0');
  return new WarehouseQueryError(message, { cause: message });
}
