import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

export class CreateUserOrders1764000000700 extends ForwardMigration {
  readonly name = 'CreateUserOrders1764000000700';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS user_orders (
        user_id    BIGINT UNSIGNED NOT NULL,
        order_id   BIGINT UNSIGNED NOT NULL,
        created_at DATETIME(3)     NOT NULL,
        slot       SMALLINT UNSIGNED AS (CONV(LEFT(MD5(user_id), 4), 16, 10) >> 2) STORED,
        PRIMARY KEY (user_id, order_id),
        KEY user_orders_slot (slot, user_id, order_id)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
  }
}
