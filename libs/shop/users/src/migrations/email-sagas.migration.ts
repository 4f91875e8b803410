import { ForwardMigration } from '@fourfold/db-routing';
import { createWithSlot } from '@fourfold/sharding';
import type { QueryRunner } from 'typeorm';

/** What a reservation is known by, an index for the sweep, and the sagas that may write no user any more. */
export class EmailSagas1764200000500 extends ForwardMigration {
  readonly name = 'EmailSagas1764200000500';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.addColumn(
      queryRunner,
      'user_emails',
      'saga_id',
      'BIGINT UNSIGNED NOT NULL DEFAULT 0 AFTER user_id',
    );
    await this.addKey(queryRunner, 'user_emails', 'user_emails_due', '(state, reserved_until)');
    await createWithSlot(
      queryRunner,
      { table: 'ended_email_sagas', key: 'user_id' },
      (slot) => `
      CREATE TABLE IF NOT EXISTS ended_email_sagas (
        user_id  BIGINT UNSIGNED NOT NULL,
        saga_id  BIGINT UNSIGNED NOT NULL,
        ended_at DATETIME(3)     NOT NULL,
        ${slot},
        PRIMARY KEY (user_id, saga_id),
        KEY ended_email_sagas_slot (slot, user_id, saga_id),
        KEY ended_email_sagas_age (ended_at)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `,
    );
  }
}
