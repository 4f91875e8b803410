import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

export class CreateBasketCounts1764600000800 extends ForwardMigration {
  readonly name = 'CreateBasketCounts1764600000800';

  /**
   * Each pair is there twice, once for each of its products: what goes with a product is one range of the primary key.
   * No other index: each order would pay for it at every pair.
   */
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS basket_products (
        product_id  BIGINT UNSIGNED NOT NULL PRIMARY KEY,
        orders      INT UNSIGNED    NOT NULL,
        most_missed INT UNSIGNED    NOT NULL DEFAULT 0
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS basket_pairs (
        product_id BIGINT UNSIGNED NOT NULL,
        other_id   BIGINT UNSIGNED NOT NULL,
        orders     INT UNSIGNED    NOT NULL,
        missed     INT UNSIGNED    NOT NULL,
        PRIMARY KEY (product_id, other_id)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
  }
}
