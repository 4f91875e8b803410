import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

export class CreateEmails1764000000800 extends ForwardMigration {
  readonly name = 'CreateEmails1764000000800';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS emails (
        msg_id     VARCHAR(100)    NOT NULL PRIMARY KEY,
        order_id   BIGINT UNSIGNED NOT NULL,
        state      ENUM ('sending', 'sent') NOT NULL,
        recipient  VARCHAR(254)    NOT NULL,
        created_at DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
        sent_at    DATETIME(3)     NULL,
        KEY emails_order (order_id)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
  }
}
