import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

export class CreateReports1764500000600 extends ForwardMigration {
  readonly name = 'CreateReports1764500000600';

  /** `failed` is no status of a row: a report has failed when its message is dead, which a killed process can't write. */
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS reports (
        id              BIGINT UNSIGNED  NOT NULL PRIMARY KEY,
        caller          VARCHAR(160)     NOT NULL,
        idempotency_key VARCHAR(255)     NOT NULL,
        request_hash    BINARY(32)       NOT NULL,
        type            VARCHAR(16)      NOT NULL,
        format          VARCHAR(8)       NOT NULL,
        from_day        CHAR(10)         NOT NULL,
        to_day          CHAR(10)         NOT NULL,
        email           VARCHAR(254)     NOT NULL,
        status          ENUM ('queued', 'running', 'done') NOT NULL DEFAULT 'queued',
        percent         TINYINT UNSIGNED NOT NULL DEFAULT 0,
        object_key      VARCHAR(100)     NULL,
        bytes           BIGINT UNSIGNED  NULL,
        created_at      DATETIME(3)      NOT NULL,
        finished_at     DATETIME(3)      NULL,
        UNIQUE KEY reports_key (caller, idempotency_key)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
  }
}
