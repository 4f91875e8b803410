import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** The change must be repeatable, and MySQL, unlike MariaDB, has no `IF NOT EXISTS` for a column. */
const COLUMN = `
  SELECT 1 FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = 'emails' AND column_name = 'tries'
`;

/** Rows from before may have been tried by any number of deliveries: 2 says "ask first". */
export class CountTries1764100000800 extends ForwardMigration {
  readonly name = 'CountTries1764100000800';

  async up(queryRunner: QueryRunner): Promise<void> {
    const found = (await queryRunner.query(COLUMN)) as unknown[];
    if (found.length === 0)
      await queryRunner.query('ALTER TABLE emails ADD COLUMN tries INT UNSIGNED NOT NULL DEFAULT 2');
  }
}
