import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

export class CreateOrders1764000000600 extends ForwardMigration {
  readonly name = 'CreateOrders1764000000600';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS orders (
        id               BIGINT UNSIGNED NOT NULL PRIMARY KEY,
        user_id          BIGINT UNSIGNED NOT NULL,
        status           ENUM ('pending', 'confirmed', 'rejected', 'cancelled') NOT NULL,
        rejection_reason VARCHAR(64)     NULL,
        total_minor      BIGINT          NOT NULL,
        currency         CHAR(3)         NOT NULL,
        shipping_address VARCHAR(500)    NOT NULL,
        version          INT             NOT NULL DEFAULT 1,
        created_at       DATETIME(3)     NOT NULL
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS order_items (
        order_id         BIGINT UNSIGNED NOT NULL,
        product_id       BIGINT UNSIGNED NOT NULL,
        quantity         INT             NOT NULL,
        unit_price_minor BIGINT          NOT NULL,
        PRIMARY KEY (order_id, product_id),
        CONSTRAINT order_items_order FOREIGN KEY (order_id) REFERENCES orders (id),
        CONSTRAINT order_items_quantity CHECK (quantity > 0)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS idempotency_keys (
        caller          VARCHAR(160) NOT NULL,
        route           VARCHAR(64)  NOT NULL,
        idempotency_key VARCHAR(255) NOT NULL,
        request_hash    BINARY(32)   NOT NULL,
        order_id        BIGINT UNSIGNED NOT NULL,
        response_body   MEDIUMTEXT   NOT NULL,
        created_at      DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
        PRIMARY KEY (caller, route, idempotency_key)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
  }
}
