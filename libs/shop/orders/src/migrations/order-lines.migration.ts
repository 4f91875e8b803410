import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** The change must be repeatable, and MySQL, unlike MariaDB, has no `IF NOT EXISTS` for columns. */
const LINE = `
  SELECT 1 FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = 'order_items' AND column_name = 'line'
`;

/** Where each item stood in its order. Those of before, and of a release that does not know the column, are all at 0. */
export class OrderLines1764300000600 extends ForwardMigration {
  readonly name = 'OrderLines1764300000600';

  async up(queryRunner: QueryRunner): Promise<void> {
    if (((await queryRunner.query(LINE)) as unknown[]).length > 0) return;
    await queryRunner.query('ALTER TABLE order_items ADD COLUMN line SMALLINT UNSIGNED NOT NULL DEFAULT 0');
  }
}
