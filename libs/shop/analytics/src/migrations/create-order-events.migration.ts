import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

export class CreateOrderEvents1764600000600 extends ForwardMigration {
  readonly name = 'CreateOrderEvents1764600000600';

  /**
   * Rows are added and, when they are old, deleted; never changed. An event of an order happens once, which the primary key
   * holds. The index has all that the funnel reads.
   */
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS order_events (
        order_id    BIGINT UNSIGNED NOT NULL,
        event       ENUM ('placed', 'confirmed', 'rejected', 'cancelled') NOT NULL,
        occurred_at DATETIME(3)     NOT NULL,
        total_minor BIGINT UNSIGNED NOT NULL,
        PRIMARY KEY (order_id, event),
        KEY order_events_time (occurred_at, event)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
  }
}
