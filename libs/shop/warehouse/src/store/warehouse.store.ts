import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBValue, Json } from '@duckdb/node-api';
import { WarehouseUnusableError } from '../warehouse.errors.js';
import type { WarehouseSettings } from '../warehouse.options.js';
import { openDuck, type OpenDuck } from './duck.js';
import {
  createStaging,
  createTable,
  markDays,
  stagingOf,
  type TableName,
  type TextRow,
  upsert,
  type WarehouseTable,
  warehouseTables,
} from './warehouse.tables.js';

/** Of the tables below: another one can't be read by this release. */
const SCHEMA = 1;

/** Where a source was read up to: the last row, in the order of `(updated_at, id)`. */
export interface Watermark {
  /** As the server writes it, in UTC with microseconds. */
  readonly updatedAt: string;
  readonly id: string;
}

export const BEGINNING: Watermark = { updatedAt: '1970-01-02 00:00:00.000000', id: '0' };

/** What one read of a source gave. */
export interface ChangeBatch {
  readonly source: string;
  readonly rows: Partial<Readonly<Record<TableName, readonly TextRow[]>>>;
  readonly watermark: Watermark;
}

export interface ChangedDay {
  readonly table: TableName;
  /** `2026-11-29`. */
  readonly day: string;
}

/** Where a sync has got to, of one source. */
export interface SourceState extends Watermark {
  readonly source: string;
  /** All that had changed by then is here; null until the source was read to its end once. */
  readonly completeAt: string | null;
}

export const warehousePath = ({ directory }: Pick<WarehouseSettings, 'directory'>): string =>
  join(directory, 'warehouse.duckdb');

/**
 * The DuckDB file of a sync. A batch, the days that it touches and its watermark are one transaction of DuckDB, which syncs
 * its log to the disk at each commit: a process that is killed leaves all three or none.
 */
export class WarehouseStore {
  private constructor(private readonly duck: OpenDuck) {}

  /** @throws WarehouseBusyError, WarehouseUnusableError */
  static async open(settings: WarehouseSettings): Promise<WarehouseStore> {
    const { directory, memoryMb, threads, fileWaitMs: waitMs } = settings;
    await assertWritable(directory);
    const path = warehousePath(settings);
    const duck = await openDuck({ path, readOnly: false, memoryMb, threads, waitMs });
    const store = new WarehouseStore(duck);
    try {
      await store.prepare(path);
      return store;
    } catch (error) {
      duck.close();
      throw error;
    }
  }

  async watermarkOf(source: string): Promise<Watermark> {
    const rows = await this.rows('SELECT updated_at, id FROM sync.watermarks WHERE source = ?', [source]);
    const [updatedAt, id] = rows[0] ?? [];
    return updatedAt && id ? { updatedAt, id } : BEGINNING;
  }

  /**
   * Applies a batch and moves its source's watermark, in one transaction.
   * @param beforeCommit for a test that stops there
   */
  async apply({ source, rows, watermark }: ChangeBatch, beforeCommit: () => Promise<void>): Promise<void> {
    await this.transaction(async () => {
      for (const table of Object.values(warehouseTables)) {
        const changed = rows[table.name];
        if (changed !== undefined && changed.length > 0) await this.put(table, changed);
      }
      await this.run(
        `INSERT INTO sync.watermarks (source, updated_at, id) VALUES (?, ?, ?)
         ON CONFLICT (source) DO UPDATE SET updated_at = excluded.updated_at, id = excluded.id`,
        [source, watermark.updatedAt, watermark.id],
      );
      await beforeCommit();
    });
  }

  /** All of the source that had changed by `horizon` is here. */
  async completed(source: string, horizon: string): Promise<void> {
    const { updatedAt, id } = await this.watermarkOf(source);
    await this.run(
      `INSERT INTO sync.watermarks VALUES (?, ?, ?, CAST(? AS TIMESTAMP))
       ON CONFLICT (source) DO UPDATE SET complete_at = excluded.complete_at`,
      [source, updatedAt, id, horizon],
    );
  }

  /** Sources that are no more, such as a shard that was given up: what they had is with others. */
  async forgetOtherSources(sources: readonly string[]): Promise<void> {
    const marks = sources.map(() => '?').join(', ');
    await this.run(`DELETE FROM sync.watermarks WHERE source NOT IN (${marks})`, [...sources]);
  }

  /** The oldest day first. */
  async changedDays(): Promise<ChangedDay[]> {
    const rows = await this.rows(
      'SELECT table_name, CAST(day AS VARCHAR) FROM sync.changed_days ORDER BY day, table_name',
    );
    return rows.map(([table, day]) => ({ table: table as TableName, day: day! }));
  }

  /** Writes a day of a table into a Parquet file on this machine. */
  async writeDay({ table, day }: ChangedDay, path: string): Promise<void> {
    const { columns, key } = warehouseTables[table];
    await this.run(
      `COPY (
         SELECT ${Object.keys(columns).join(', ')} FROM ${table}
         WHERE created_at >= CAST('${day}' AS TIMESTAMP) AND created_at < CAST('${day}' AS TIMESTAMP) + INTERVAL 1 DAY
         ORDER BY ${key.join(', ')}
       ) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION snappy)`,
    );
  }

  async dayStored({ table, day }: ChangedDay): Promise<void> {
    await this.run('DELETE FROM sync.changed_days WHERE table_name = ? AND day = CAST(? AS DATE)', [
      table,
      day,
    ]);
  }

  async states(): Promise<SourceState[]> {
    return statesOf(this.duck.connection);
  }

  close(): void {
    this.duck.close();
  }

  private async prepare(path: string): Promise<void> {
    await this.transaction(async () => {
      await this.run('CREATE SCHEMA IF NOT EXISTS sync');
      await this.run('CREATE TABLE IF NOT EXISTS sync.version (version INTEGER)');
      await this.run(`INSERT INTO sync.version SELECT ${SCHEMA} WHERE NOT EXISTS (FROM sync.version)`);
      await this.run(
        'CREATE TABLE IF NOT EXISTS sync.watermarks (source VARCHAR PRIMARY KEY, updated_at VARCHAR NOT NULL, id VARCHAR NOT NULL, complete_at TIMESTAMP)',
      );
      await this.run(
        'CREATE TABLE IF NOT EXISTS sync.changed_days (table_name VARCHAR, day DATE, PRIMARY KEY (table_name, day))',
      );
      for (const table of Object.values(warehouseTables)) await this.run(createTable(table));
    });
    for (const table of Object.values(warehouseTables)) await this.run(createStaging(table));
    const [[version] = []] = await this.rows('SELECT version FROM sync.version');
    if (Number(version) !== SCHEMA)
      throw new WarehouseUnusableError(
        `${path}: its tables are of version ${version}, and this release has ${SCHEMA}. ` +
          'Move the file away: the next sync makes a new one',
      );
  }

  private async put(table: WarehouseTable, rows: readonly TextRow[]): Promise<void> {
    const { connection } = this.duck;
    await connection.run(`DELETE FROM ${stagingOf(table)}`);
    const appender = await connection.createAppender(stagingOf(table));
    try {
      for (const row of rows) {
        for (const value of row) {
          if (value === null) appender.appendNull();
          else appender.appendVarchar(value);
        }
        appender.endRow();
      }
      appender.flushSync();
    } finally {
      appender.closeSync();
    }
    await connection.run(upsert(table));
    await connection.run(markDays(table));
  }

  private async transaction(work: () => Promise<void>): Promise<void> {
    await this.run('BEGIN TRANSACTION');
    try {
      await work();
      await this.run('COMMIT');
    } catch (error) {
      // A transaction that has failed at its commit is over already.
      await this.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  private async run(sql: string, values: DuckDBValue[] = []): Promise<void> {
    await this.duck.connection.run(sql, values);
  }

  private rows(sql: string, values: DuckDBValue[] = []): Promise<(string | null)[][]> {
    return textRows(this.duck.connection, sql, values);
  }
}

/** How far each source has been read. */
export async function statesOf(connection: DuckDBConnection): Promise<SourceState[]> {
  const rows = await textRows(
    connection,
    'SELECT source, updated_at, id, CAST(complete_at AS VARCHAR) FROM sync.watermarks ORDER BY source',
  );
  return rows.map(([source, updatedAt, id, completeAt]) => ({
    source: source!,
    updatedAt: updatedAt!,
    id: id!,
    completeAt: completeAt ?? null,
  }));
}

/** Of the columns here: text, numbers and times, which come as text already. */
const textOf = (value: Json): string | null =>
  value === null || typeof value === 'string' ? value : JSON.stringify(value);

async function textRows(
  connection: DuckDBConnection,
  sql: string,
  values: DuckDBValue[] = [],
): Promise<(string | null)[][]> {
  const reader = await connection.runAndReadAll(sql, values);
  return reader.getRowsJson().map((row) => row.map(textOf));
}

async function assertWritable(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new WarehouseUnusableError(
      `${directory}: the folder of the warehouse can’t be written to. WAREHOUSE_DIR has to be a folder of this user`,
      { cause: error },
    );
  }
}
