import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** On the main cluster, where the messages are that commit with a row: the address that a customer has asked for last. */
export class CreateEmailChanges1765000001200 extends ForwardMigration {
  readonly name = 'CreateEmailChanges1765000001200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS email_changes (
        user_id     BIGINT UNSIGNED NOT NULL PRIMARY KEY,
        change_id   BIGINT UNSIGNED NOT NULL,
        email       VARCHAR(254)    NOT NULL,
        left_email  VARCHAR(254)    NOT NULL,
        token       VARCHAR(200)    NOT NULL,
        expires_at  DATETIME(3)     NOT NULL,
        asked       INT UNSIGNED    NOT NULL,
        asked_since DATETIME(3)     NOT NULL,
        KEY email_changes_age (expires_at)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
  }
}
