import { outboxMigrations } from '@fourfold/outbox';
import { type MigratedDatabase, migratedDatabase } from '@fourfold-tools/testing';
import type { DataSource } from 'typeorm';
import { CreateCatalog1764000000400 } from '../migrations/create-catalog.migration.js';
import { ProductEntity } from '../product.entity.js';
import { StockEntity } from '../stock.entity.js';

/** The catalogue's tables in a database of one test file, for the account that the apps have. */
export class CatalogDatabase {
  private constructor(private readonly migrated: MigratedDatabase) {}

  get dataSource(): DataSource {
    return this.migrated.dataSource;
  }

  static async create(): Promise<CatalogDatabase> {
    return new CatalogDatabase(
      await migratedDatabase({
        migrations: [...outboxMigrations, CreateCatalog1764000000400],
        entities: [ProductEntity, StockEntity],
      }),
    );
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

  close(): Promise<void> {
    return this.migrated.close();
  }
}
