import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** The change must be repeatable, and MySQL, unlike MariaDB, has no `IF NOT EXISTS` for a key. */
const INDEXES = `
  SELECT DISTINCT table_name AS tableName, index_name AS indexName FROM information_schema.statistics
  WHERE table_schema = DATABASE() AND table_name IN ('outbox', 'processed_messages')
`;

/** One index serves the relay's lanes, the reconciler, the clean-up and the metrics: each goes by state and queue. */
export class ClaimByQueue1764100000200 extends ForwardMigration {
  readonly name = 'ClaimByQueue1764100000200';

  async up(queryRunner: QueryRunner): Promise<void> {
    const rows = (await queryRunner.query(INDEXES)) as { tableName: string; indexName: string }[];
    const has = (table: string, index: string) =>
      rows.some(({ tableName, indexName }) => tableName === table && indexName === index);
    if (!has('outbox', 'outbox_lane'))
      await queryRunner.query(`
        ALTER TABLE outbox ADD KEY outbox_lane (state, queue, available_at, run_at)
      `);
    // Not before the one that takes its place is there.
    if (has('outbox', 'outbox_due')) await queryRunner.query('ALTER TABLE outbox DROP KEY outbox_due');
    if (!has('processed_messages', 'processed_at'))
      await queryRunner.query('ALTER TABLE processed_messages ADD KEY processed_at (processed_at)');
  }
}
