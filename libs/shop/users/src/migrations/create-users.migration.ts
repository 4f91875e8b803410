import { ForwardMigration } from '@fourfold/db-routing';
import { createWithSlot } from '@fourfold/sharding';
import type { QueryRunner } from 'typeorm';

/** `slot` is computed by the database as the ring computes it, so that a migration can walk one slot by its index. */
export class CreateUsers1764000000500 extends ForwardMigration {
  readonly name = 'CreateUsers1764000000500';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createWithSlot(
      queryRunner,
      { table: 'users', key: 'id' },
      (slot) => `
      CREATE TABLE IF NOT EXISTS users (
        id         BIGINT UNSIGNED NOT NULL PRIMARY KEY,
        name       VARCHAR(200)    NOT NULL,
        email      VARCHAR(254)    NOT NULL,
        version    INT             NOT NULL DEFAULT 1,
        created_at DATETIME(3)     NOT NULL,
        ${slot},
        KEY users_slot (slot, id),
        KEY users_name (name)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `,
    );
    await createWithSlot(
      queryRunner,
      { table: 'user_emails', key: 'email' },
      (slot) => `
      CREATE TABLE IF NOT EXISTS user_emails (
        email          VARCHAR(254)    NOT NULL PRIMARY KEY,
        user_id        BIGINT UNSIGNED NOT NULL,
        state          ENUM ('reserved', 'confirmed') NOT NULL,
        reserved_until DATETIME(3)     NOT NULL,
        ${slot},
        KEY user_emails_slot (slot, email)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `,
    );
  }
}
