import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** `slot` is computed by the database as the ring computes it, so that a migration can walk one slot by its index. */
export class CreateUsers1764000000500 extends ForwardMigration {
  readonly name = 'CreateUsers1764000000500';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS users (
        id         BIGINT UNSIGNED NOT NULL PRIMARY KEY,
        name       VARCHAR(200)    NOT NULL,
        email      VARCHAR(254)    NOT NULL,
        version    INT             NOT NULL DEFAULT 1,
        created_at DATETIME(3)     NOT NULL,
        slot       SMALLINT UNSIGNED AS (CONV(LEFT(MD5(id), 4), 16, 10) >> 2) STORED,
        KEY users_slot (slot, id),
        KEY users_name (name)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS user_emails (
        email          VARCHAR(254)    NOT NULL PRIMARY KEY,
        user_id        BIGINT UNSIGNED NOT NULL,
        state          ENUM ('reserved', 'confirmed') NOT NULL,
        reserved_until DATETIME(3)     NOT NULL,
        slot           SMALLINT UNSIGNED AS (CONV(LEFT(MD5(email), 4), 16, 10) >> 2) STORED,
        KEY user_emails_slot (slot, email)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
  }
}
