import { createDatabase, topology } from '@fourfold-tools/testing';
import { DataSource } from 'typeorm';
import { CreateCatalog1764000000400 } from '../migrations/create-catalog.migration.js';

/** As many as transactions run at once here. */
const CONNECTIONS = 24;

/** The catalogue's tables in a database of one test file, for the account that the apps have. */
export class CatalogDatabase {
  private constructor(
    readonly dataSource: DataSource,
    private readonly drop: () => Promise<void>,
  ) {}

  static async create(): Promise<CatalogDatabase> {
    const database = await createDatabase(topology(), { node: 'primary' });
    const migrate = new DataSource({
      type: 'mysql',
      url: database.migrateUrl,
      migrations: [CreateCatalog1764000000400],
    });
    await migrate.initialize();
    await migrate.runMigrations({ transaction: 'none' });
    await migrate.destroy();
    const dataSource = new DataSource({
      type: 'mysql',
      url: database.appUrl,
      isolationLevel: 'READ COMMITTED',
      supportBigNumbers: true,
      bigNumberStrings: true,
      poolSize: CONNECTIONS,
    });
    await dataSource.initialize();
    return new CatalogDatabase(dataSource, () => database.drop());
  }

  /** The catalogue is these products and nothing else: id → units in stock. */
  async fill(stock: Readonly<Record<string, number>>): Promise<void> {
    for (const table of ['stock', 'products']) await this.dataSource.query(`DELETE FROM ${table}`);
    const ids = Object.keys(stock);
    await this.dataSource.query('INSERT INTO products (id, sku, name, price_minor, currency) VALUES ?', [
      ids.map((id) => [id, `S-${id}`, `Product ${id}`, 100, 'GBP']),
    ]);
    await this.dataSource.query('INSERT INTO stock (product_id, available) VALUES ?', [
      ids.map((id) => [id, stock[id]]),
    ]);
  }

  async stock(): Promise<Record<string, number>> {
    const rows = await this.dataSource.query<{ product_id: string; available: number }[]>(
      'SELECT product_id, available FROM stock ORDER BY product_id',
    );
    return Object.fromEntries(rows.map((row) => [row.product_id, Number(row.available)]));
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
    await this.drop();
  }
}
