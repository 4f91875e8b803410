import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

export class CreateDeadLetters1764000000900 extends ForwardMigration {
  readonly name = 'CreateDeadLetters1764000000900';

  /** One row a death: a redelivered message that dies again is a new job, and so a new row with the same `msg_id`. */
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS dead_letters (
        id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        queue           VARCHAR(64)     NOT NULL,
        job_id          VARCHAR(255)    NOT NULL,
        msg_id          VARCHAR(100)    NOT NULL,
        reason          ENUM ('attempts', 'unrecoverable', 'stalled', 'timeout', 'invalid-payload') NOT NULL,
        payload         LONGTEXT        NOT NULL,
        error           TEXT            NOT NULL,
        errors          LONGTEXT        NOT NULL,
        attempts        INT UNSIGNED    NOT NULL,
        stalls          INT UNSIGNED    NOT NULL,
        enqueued_at     DATETIME(3)     NULL,
        failed_at       DATETIME(3)     NOT NULL,
        recorded_at     DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
        status          ENUM ('open', 'redriven', 'settled', 'discarded') NOT NULL DEFAULT 'open',
        resolved_by     VARCHAR(255)    NULL,
        resolved_at     DATETIME(3)     NULL,
        auto_redrives   INT UNSIGNED    NOT NULL DEFAULT 0,
        auto_redrive_at DATETIME(3)     NULL,
        UNIQUE KEY dead_letters_job (queue, job_id),
        KEY dead_letters_newest (status, id),
        KEY dead_letters_kind (status, queue, reason, id),
        KEY dead_letters_message (msg_id, id),
        KEY dead_letters_due (status, auto_redrive_at)
      ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
  }
}
