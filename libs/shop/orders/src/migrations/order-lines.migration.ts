import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** Where each item stood in its order. Those of before, and of a release that does not know the column, are all at 0. */
export class OrderLines1764300000600 extends ForwardMigration {
  readonly name = 'OrderLines1764300000600';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.addColumn(queryRunner, 'order_items', 'line', 'SMALLINT UNSIGNED NOT NULL DEFAULT 0');
  }
}
