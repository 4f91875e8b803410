import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** Rows from before may have been tried by any number of deliveries: 2 says "ask first". */
export class CountTries1764100000800 extends ForwardMigration {
  readonly name = 'CountTries1764100000800';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.addColumn(queryRunner, 'emails', 'tries', 'INT UNSIGNED NOT NULL DEFAULT 2');
  }
}
