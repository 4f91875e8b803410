import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

export class CreateCatalog1764000000400 extends ForwardMigration {
  readonly name = 'CreateCatalog1764000000400';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS products (
        id          BIGINT UNSIGNED NOT NULL PRIMARY KEY,
        sku         VARCHAR(64)     NOT NULL,
        name        VARCHAR(200)    NOT NULL,
        price_minor BIGINT          NOT NULL,
        currency    CHAR(3)         NOT NULL,
        created_at  DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
        UNIQUE KEY products_sku (sku),
        CONSTRAINT products_price CHECK (price_minor >= 0)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS stock (
        product_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
        available  BIGINT          NOT NULL,
        CONSTRAINT stock_product FOREIGN KEY (product_id) REFERENCES products (id),
        CONSTRAINT stock_never_below_zero CHECK (available >= 0)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
  }
}
