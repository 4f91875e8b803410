import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRoutedDataSource, type RoutedDataSource } from '@fourfold/db-routing';
import { ObjectStorageModule, type ObjectStorageOptions, ObjectStore } from '@fourfold/object-storage';
import { Outbox, OutboxModule } from '@fourfold/outbox';
import { composeSnowflake } from '@fourfold/sharding';
import { mainMigrations } from '@fourfold-tools/migrate';
import { eventually, migratedDatabase, type MigratedDatabase, testEngine } from '@fourfold-tools/testing';
import { Global, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpiredReports, MakeReport, ReportsModule, type RequestReportInput } from '@shop/reports';
import { DataSource } from 'typeorm';

export interface SeededOrder {
  /** `2026-05-01T23:59:59.999Z` */
  at: string;
  status?: 'pending' | 'confirmed' | 'rejected' | 'cancelled';
  /** Product, quantity, price of one in minor units. */
  lines: [product: number, quantity: number, price: number | bigint][];
}

export const REQUEST: RequestReportInput = {
  type: 'sales',
  format: 'xlsx',
  from: '2026-05-01',
  to: '2026-05-03',
  email: 'reports@example.com',
};

/** What reports are made of: a primary with its replicas, object storage (a folder, if nothing else is said), and no queue. */
export class ReportedShop {
  private sequence = 0;
  private constructor(
    private readonly migrated: MigratedDatabase,
    private readonly routed: RoutedDataSource,
    private readonly app: INestApplicationContext,
    readonly folder: string,
  ) {}

  static async start(storage?: ObjectStorageOptions): Promise<ReportedShop> {
    const migrated = await migratedDatabase({ migrations: [...mainMigrations] });
    const { appUrl: primaryUrl, readUrls: replicas } = migrated.database;
    const routed = createRoutedDataSource({ primaryUrl, replicas, engine: testEngine });
    const dataSource = await routed.start();
    const folder = await mkdtemp(join(tmpdir(), 'fourfold-reports-'));

    @Global()
    @Module({ providers: [{ provide: DataSource, useValue: dataSource }], exports: [DataSource] })
    class DatabaseModule {}
    @Module({
      imports: [
        DatabaseModule,
        ObjectStorageModule.forRoot(storage ?? { folder }),
        OutboxModule.forRoot({}),
        ReportsModule.forRoot({ retentionDays: 30 }),
      ],
    })
    class App {}
    const app = await NestFactory.createApplicationContext(App, { logger: false });
    return new ReportedShop(migrated, routed, app, folder);
  }

  /** Of the same database. */
  get urls(): { primary: string; replicas: readonly string[] } {
    const { appUrl, readUrls } = this.migrated.database;
    return { primary: appUrl, replicas: readUrls };
  }

  get dataSource(): DataSource {
    return this.routed.dataSource;
  }

  get store(): ObjectStore {
    return this.app.get(ObjectStore);
  }

  get makeReport(): MakeReport {
    return this.app.get(MakeReport);
  }

  get expired(): ExpiredReports {
    return this.app.get(ExpiredReports);
  }

  get outbox(): Outbox {
    return this.app.get(Outbox);
  }

  /** Resolves when the replicas have them too. */
  async seed(orders: readonly SeededOrder[], names: Readonly<Record<number, string>> = {}): Promise<void> {
    const made = orders.map((order) => ({ ...order, id: this.idAt(order.at) }));
    const { migrated } = this;
    if (made.length > 0)
      await migrated.dataSource.query(
        `INSERT INTO orders (id, user_id, status, total_minor, currency, shipping_address, created_at) VALUES ?`,
        [made.map(({ id, at, status = 'confirmed' }) => [id, 7, status, 0, 'GBP', 'Here', new Date(at)])],
      );
    const lines = made.flatMap(({ id, lines: of }) =>
      of.map(([product, quantity, price], line) => [id, product, line, quantity, String(price)]),
    );
    if (lines.length > 0)
      await migrated.dataSource.query(
        'INSERT INTO order_items (order_id, product_id, line, quantity, unit_price_minor) VALUES ?',
        [lines],
      );
    const products = Object.entries(names).map(([id, name]) => [id, `SKU-${id}`, name, 1, 'GBP']);
    if (products.length > 0)
      await migrated.dataSource.query(
        'INSERT INTO products (id, sku, name, price_minor, currency) VALUES ?',
        [products],
      );
    await this.replicated();
  }

  /** So many confirmed orders of three lines each, evenly over the day, without holding them here. */
  async seedDay(day: string, orders: number): Promise<void> {
    const digits =
      '(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)';
    const n = [0, 1, 2, 3, 4, 5].map((power) => `d${power}.d * ${10 ** power}`).join(' + ');
    const from = [0, 1, 2, 3, 4, 5].map((power) => `${digits} d${power}`).join(', ');
    const first = BigInt(composeSnowflake({ timeMs: Date.parse(day), workerId: 0, sequence: 0 }));
    const stepMs = Math.floor((24 * 60 * 60_000) / orders);
    const { dataSource } = this.migrated;
    await dataSource.query(
      `INSERT INTO orders (id, user_id, status, total_minor, currency, shipping_address, created_at)
       SELECT ${first} + (${n}) * ${stepMs} * 4194304, 7, 'confirmed', 0, 'GBP', 'Here',
         DATE_ADD('${day}', INTERVAL (${n}) * ${stepMs} * 1000 MICROSECOND) FROM ${from} WHERE (${n}) < ${orders}`,
    );
    for (const line of [0, 1, 2])
      await dataSource.query(
        `INSERT INTO order_items (order_id, product_id, line, quantity, unit_price_minor)
         SELECT id, 1000 + ${line} * 1000 + id DIV 4194304 MOD 997, ${line}, 2, 150 FROM orders WHERE id >= ? AND id < ?`,
        [String(first), String(first + BigInt(24 * 60 * 60_000) * 4_194_304n)],
      );
    await this.replicated();
  }

  idAt(at: string): string {
    return composeSnowflake({ timeMs: Date.parse(at), workerId: 1, sequence: (this.sequence += 1) % 4_096 });
  }

  async addReport(changes: Partial<RequestReportInput> = {}, at = '2026-06-01T00:00:00Z'): Promise<string> {
    const id = this.idAt(at);
    const { type, format, from, to, email } = { ...REQUEST, ...changes };
    await this.migrated.dataSource.query(
      `INSERT INTO reports (id, caller, idempotency_key, request_hash, type, format, from_day, to_day, email, created_at)
       VALUES (?, 'operator:1', ?, UNHEX(REPEAT('00', 32)), ?, ?, ?, ?, ?, ?)`,
      [id, id, type, format, from, to, email, new Date(at)],
    );
    return id;
  }

  async row(id: string): Promise<{ status: string; percent: number; object_key: string | null } | undefined> {
    const [row] = await this.migrated.dataSource.query<
      { status: string; percent: number; object_key: string | null }[]
    >('SELECT * FROM reports WHERE id = ?', [id]);
    return row;
  }

  private async replicated(): Promise<void> {
    const counted = await rowsOf(this.migrated.dataSource);
    for (const url of this.migrated.database.readUrls) {
      const replica = await new DataSource({ type: 'mysql', url }).initialize();
      await eventually(async () => (await rowsOf(replica)) === counted);
      await replica.destroy();
    }
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.routed.stop();
    await this.migrated.close();
    await rm(this.folder, { recursive: true });
  }
}

async function rowsOf(dataSource: DataSource): Promise<string> {
  const [row] = await dataSource.query<{ rowsSeen: string }[]>(
    "SELECT CONCAT((SELECT COUNT(*) FROM order_items), ' ', (SELECT COUNT(*) FROM products)) AS rowsSeen",
  );
  return row!.rowsSeen;
}
