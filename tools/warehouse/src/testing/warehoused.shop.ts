import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getRoutingToken, type Routing } from '@fourfold/db-routing';
import { ObjectStore } from '@fourfold/object-storage';
import { migrateAll } from '@fourfold-tools/migrate';
import {
  createDatabase,
  eventually,
  ForkedProcess,
  type TestDatabase,
  testEngine,
  topology,
} from '@fourfold-tools/testing';
import type { INestApplicationContext } from '@nestjs/common';
import {
  type SyncOptions,
  type SyncOutcome,
  SyncWarehouse,
  tableNames,
  WarehouseReader,
} from '@shop/warehouse';
import { DataSource, type QueryRunner } from 'typeorm';
import { openWarehouse, type WarehouseConfig, warehouseToolEnv } from '../warehouse.context.js';
import type { SyncReport } from './sync.process.js';
import { parquetTotals, sumOf, TOTALS, type Totals } from './totals.js';

const SHARDS = ['shard-0', 'shard-1', 'shard-2', 'shard-3'] as const;
/** The least that there is: a test need not wait long until what it has written may be read. */
const LAG_MS = 200;

const script = new URL('sync.runner.mjs', import.meta.url);

/** A main cluster, four shards, a folder for files and one for the warehouse. */
export class WarehousedShop {
  private sequence = 0;

  private constructor(
    private readonly databases: readonly TestDatabase[],
    private readonly sources: readonly DataSource[],
    readonly config: WarehouseConfig,
    /** What the command needs of its environment. */
    readonly env: Readonly<Record<string, string>>,
    readonly folder: string,
    private readonly app: INestApplicationContext,
  ) {}

  /**
   * @param choice `main`: a database of the main cluster, if it is to be on servers of the test's own; `storageUrl`: where the
   *   files go, if not into a folder; `replicas`: it has its replicas, for which each start waits a second where no process
   *   writes their heartbeat
   */
  static async start({
    main,
    storageUrl,
    replicas = false,
  }: { main?: TestDatabase; storageUrl?: string; replicas?: boolean } = {}): Promise<WarehousedShop> {
    const databases = await Promise.all([
      main ?? createDatabase(topology(), { node: 'primary' }),
      ...SHARDS.map((node) => createDatabase(topology(), { node })),
    ]);
    const [primary, ...shards] = databases;
    const urls = (of: (database: TestDatabase) => string) => ({
      DB_PRIMARY_URL: of(primary),
      SHARD_URLS: shards.map((database, index) => `${SHARDS[index]}=${of(database)}`).join(','),
    });
    await migrateAll(
      urls(({ migrateUrl }) => migrateUrl),
      () => undefined,
    );
    const folder = await mkdtemp(join(tmpdir(), 'fourfold-warehouse-'));
    const env = {
      ...urls(({ appUrl }) => appUrl),
      DB_ENGINE: testEngine,
      DB_REPLICA_URLS: replicas ? primary.readUrls.join(',') : '',
      STORAGE_URL: storageUrl ?? pathToFileURL(join(folder, 'objects')).href,
      WAREHOUSE_DIR: join(folder, 'warehouse'),
      WAREHOUSE_LAG_MS: String(LAG_MS),
    };
    const config = warehouseToolEnv.parse(env);
    const open = ({ appUrl: url }: TestDatabase) =>
      new DataSource({
        type: 'mysql',
        url,
        supportBigNumbers: true,
        bigNumberStrings: true,
        timezone: 'Z',
      }).initialize();
    const sources = await Promise.all(databases.map(open));
    return new WarehousedShop(databases, sources, config, env, folder, await openWarehouse(config));
  }

  get primary(): DataSource {
    return this.sources[0]!;
  }

  shard(index: number): DataSource {
    return this.sources[index + 1]!;
  }

  /** Of an account that may change the schema, and may not see what others do. */
  get migrateUrl(): string {
    return this.databases[0]!.migrateUrl;
  }

  get reader(): WarehouseReader {
    return this.app.get(WarehouseReader);
  }

  get store(): ObjectStore {
    return this.app.get(ObjectStore);
  }

  get warehouseFolder(): string {
    return this.config.WAREHOUSE_DIR;
  }

  /** Once replicas are read from: another process has to write the heartbeat. */
  async replicasAreRead(): Promise<void> {
    const { cluster } = this.app.get<Routing>(getRoutingToken());
    await eventually(() => cluster.replicaNodes.every(({ health }) => health.state === 'healthy'));
  }

  sync(options: SyncOptions = {}): Promise<SyncOutcome> {
    return this.app.get(SyncWarehouse).execute(options);
  }

  /** All changes of orders are old enough to be read, where no open transaction holds the warehouse back. */
  lagIsOver(): Promise<void> {
    return this.ordersAreBefore(`NOW(6) - INTERVAL ${LAG_MS + 100} * 1000 MICROSECOND`);
  }

  /**
   * All changes of orders can be read: also older than each open transaction of its server, which other tests use too. The
   * beginning of a transaction is known in whole seconds, rounded down.
   */
  ordersAreReadable(): Promise<void> {
    const oldest = `SELECT MIN(trx_started) FROM information_schema.INNODB_TRX
      WHERE trx_is_read_only = 0 AND (trx_rows_modified > 0 OR trx_query IS NOT NULL)`;
    return this.ordersAreBefore(
      `COALESCE((${oldest}), NOW(6)) - INTERVAL ${LAG_MS + 1_100} * 1000 MICROSECOND`,
    );
  }

  private async ordersAreBefore(moment: string): Promise<void> {
    await eventually(
      async () => {
        const [row] = await this.primary.query<{ passed: number | string }[]>(
          `SELECT MAX(updated_at) < ${moment} AS passed FROM orders`,
        );
        return Number(row!.passed) === 1;
      },
      { deadlineMs: 60_000 },
    );
  }

  /** Syncs until the warehouse has all that there is now: the lag has to pass first. */
  async syncAll(): Promise<void> {
    await eventually(async () => {
      await this.sync();
      const [here, there] = [await this.warehouseTotals(), await this.sourceTotals()];
      return JSON.stringify(here) === JSON.stringify(there);
    });
  }

  /** A process of its own that can be killed at a step of its sync. */
  fork(): Promise<ForkedProcess<SyncReport>> {
    return ForkedProcess.start<SyncReport>(script, { config: this.config });
  }

  /** Orders of the given days, each with two items of its own amounts, and a user for each third one. */
  async place(count: number, day = '2026-05-01'): Promise<string[]> {
    const first = (this.sequence += count) - count + 1;
    const numbers = Array.from({ length: count }, (_, nth) => first + nth);
    const orders = numbers.map((n) => [
      n,
      n % 50,
      'pending',
      n * 7,
      'GBP',
      'Some Street 1',
      `${day} 12:00:00.123`,
    ]);
    const items = numbers.flatMap((n) => [
      [n, 1 + (n % 9), 0, 1 + (n % 5), n * 2],
      [n, 100 + (n % 9), 1, 1, n * 3],
    ]);
    await this.primary.transaction(async (manager) => {
      await manager.query(
        'INSERT INTO orders (id, user_id, status, total_minor, currency, shipping_address, created_at) VALUES ?',
        [orders],
      );
      await manager.query(
        'INSERT INTO order_items (order_id, product_id, line, quantity, unit_price_minor) VALUES ?',
        [items],
      );
    });
    for (const n of numbers.filter((each) => each % 3 === 0))
      await this.shard(n % SHARDS.length).query(
        'INSERT INTO users (id, name, email, created_at) VALUES (?, ?, ?, ?)',
        [n, `Zoë ${n} 李`, `user-${n}@example.com`, `${day} 11:00:00`],
      );
    return numbers.map(String);
  }

  /** Changes some of what is there, as a settlement, a cancellation and a change of a name do. */
  async change(): Promise<void> {
    const last = this.sequence;
    await this.primary.query(
      "UPDATE orders SET status = 'cancelled', version = version + 1 WHERE id % 10 = ?",
      [last % 10],
    );
    for (const index of SHARDS.keys())
      await this.shard(index).query(
        "UPDATE users SET name = CONCAT(name, '+'), version = version + 1 WHERE id % 5 = ?",
        [last % 5],
      );
  }

  /** Of the primary and the shards. */
  async sourceTotals(): Promise<Totals> {
    const totals = {} as Record<keyof Totals, Record<string, string>>;
    for (const table of tableNames) {
      const sources = table === 'users' ? SHARDS.map((_, index) => this.shard(index)) : [this.primary];
      const parts = await Promise.all(
        sources.map((source) =>
          source.query<Record<string, string | null>[]>(TOTALS[table].replace('LENGTH', 'CHAR_LENGTH')),
        ),
      );
      totals[table] = sumOf(parts.map(([row]) => row!));
    }
    return totals;
  }

  /** Of the DuckDB file. */
  async warehouseTotals(): Promise<Totals> {
    const totals = {} as Record<keyof Totals, Record<string, string>>;
    for (const table of tableNames) {
      const { columns, rows } = await this.reader.query(TOTALS[table]);
      totals[table] = sumOf([
        Object.fromEntries(columns.map((name, at) => [name, String((rows[0]![at] ?? 0) as string | number)])),
      ]);
    }
    return totals;
  }

  /** Of the Parquet files. */
  fileTotals(): Promise<Totals> {
    return parquetTotals(this.store);
  }

  /** A transaction that stays open until the test ends it. */
  async hold(sql: string): Promise<QueryRunner> {
    const runner = this.primary.createQueryRunner();
    await runner.startTransaction();
    await runner.query(sql);
    return runner;
  }

  async stop(): Promise<void> {
    await this.app.close();
    await Promise.all(this.sources.map((source) => source.destroy()));
    await Promise.all(this.databases.map((database) => database.drop()));
    await rm(this.folder, { recursive: true });
  }
}
