import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/**
 * When each order last changed, by the server's own clock, for readers that follow changes. A `TIMESTAMP` is the same
 * moment whatever the session's time zone. Orders of before have the moment of the migration.
 */
export class OrdersByChange1764600000600 extends ForwardMigration {
  readonly name = 'OrdersByChange1764600000600';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.addColumn(
      queryRunner,
      'orders',
      'updated_at',
      'TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)',
    );
    await this.addKey(queryRunner, 'orders', 'orders_changed', '(updated_at, id)');
  }
}
