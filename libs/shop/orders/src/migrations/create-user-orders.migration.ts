import { ForwardMigration } from '@fourfold/db-routing';
import { createWithSlot } from '@fourfold/sharding';
import type { QueryRunner } from 'typeorm';

export class CreateUserOrders1764000000700 extends ForwardMigration {
  readonly name = 'CreateUserOrders1764000000700';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createWithSlot(
      queryRunner,
      { table: 'user_orders', key: 'user_id' },
      (slot) => `
      CREATE TABLE IF NOT EXISTS user_orders (
        user_id    BIGINT UNSIGNED NOT NULL,
        order_id   BIGINT UNSIGNED NOT NULL,
        created_at DATETIME(3)     NOT NULL,
        ${slot},
        PRIMARY KEY (user_id, order_id),
        KEY user_orders_slot (slot, user_id, order_id)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `,
    );
  }
}
