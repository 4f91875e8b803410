import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

const HAS_COLUMN = `
  SELECT 1 FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = 'outbox' AND column_name = 'trace_context'
`;

/**
 * The trace that a message belongs to, as W3C's headers in JSON. Nullable and last, so that writers of the version before
 * go on beside it, and an online change of the definition alone is enough.
 */
export class OutboxTrace1764200000200 extends ForwardMigration {
  readonly name = 'OutboxTrace1764200000200';

  async up(queryRunner: QueryRunner): Promise<void> {
    const rows = (await queryRunner.query(HAS_COLUMN)) as unknown[];
    if (rows.length > 0) return;
    await queryRunner.query(
      'ALTER TABLE outbox ADD COLUMN trace_context VARCHAR(2048) CHARACTER SET ascii NULL',
    );
  }
}
