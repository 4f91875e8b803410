import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

export class CreateOutbox1764000000200 extends ForwardMigration {
  readonly name = 'CreateOutbox1764000000200';

  /** Message ids are compared byte by byte, whatever the database's own collation: two that look alike are two. */
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS outbox (
        id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        msg_id       VARCHAR(100)    NOT NULL,
        queue        VARCHAR(64)     NOT NULL,
        payload      JSON            NOT NULL,
        state        ENUM ('pending', 'published', 'done', 'dead') NOT NULL DEFAULT 'pending',
        claim        CHAR(36)        NULL,
        attempts     INT UNSIGNED    NOT NULL DEFAULT 0,
        run_at       DATETIME(3)     NOT NULL,
        available_at DATETIME(3)     NOT NULL,
        created_at   DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
        published_at DATETIME(3)     NULL,
        done_at      DATETIME(3)     NULL,
        UNIQUE KEY outbox_message (msg_id),
        KEY outbox_due (state, available_at)
      ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS processed_messages (
        consumer     VARCHAR(64)  NOT NULL,
        msg_id       VARCHAR(100) NOT NULL,
        processed_at DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
        PRIMARY KEY (consumer, msg_id)
      ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
  }
}
