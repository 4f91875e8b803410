import { ForwardMigration } from '@fourfold/db-routing';
import { createWithSlot } from '@fourfold/sharding';
import type { QueryRunner } from 'typeorm';

/** The change must be repeatable, and MySQL, unlike MariaDB, has no `IF NOT EXISTS` for columns and keys. */
const COLUMNS = `
  SELECT column_name AS name FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = 'user_emails'
`;
const INDEXES = `
  SELECT index_name AS name FROM information_schema.statistics
  WHERE table_schema = DATABASE() AND table_name = 'user_emails'
`;

/** What a reservation is known by, an index for the sweep, and the sagas that may write no user any more. */
export class EmailSagas1764200000500 extends ForwardMigration {
  readonly name = 'EmailSagas1764200000500';

  async up(queryRunner: QueryRunner): Promise<void> {
    const has = async (sql: string, wanted: string) =>
      ((await queryRunner.query(sql)) as { name: string }[]).some(({ name }) => name === wanted);
    if (!(await has(COLUMNS, 'saga_id')))
      await queryRunner.query(
        'ALTER TABLE user_emails ADD COLUMN saga_id BIGINT UNSIGNED NOT NULL DEFAULT 0 AFTER user_id',
      );
    if (!(await has(INDEXES, 'user_emails_due')))
      await queryRunner.query('ALTER TABLE user_emails ADD KEY user_emails_due (state, reserved_until)');
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
