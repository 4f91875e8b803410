import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** MySQL, unlike MariaDB, has no `IF NOT EXISTS` for a column. */
const UPDATED_AT = `
  SELECT 1 FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = 'orders' AND column_name = 'updated_at'
`;

/**
 * When each order last changed, by the server's own clock, for readers that follow changes. A `TIMESTAMP` is the same
 * moment whatever the session's time zone. Orders of before have the moment of the migration.
 */
export class OrdersByChange1764600000600 extends ForwardMigration {
  readonly name = 'OrdersByChange1764600000600';

  async up(queryRunner: QueryRunner): Promise<void> {
    if (((await queryRunner.query(UPDATED_AT)) as unknown[]).length === 0)
      await queryRunner.query(`
        ALTER TABLE orders ADD COLUMN updated_at TIMESTAMP(6) NOT NULL
        DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)
      `);
    await this.addKey(queryRunner, 'orders', 'orders_changed', '(updated_at, id)');
  }
}
