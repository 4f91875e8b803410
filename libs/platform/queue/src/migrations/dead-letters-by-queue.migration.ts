import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** The change must be repeatable, and MySQL, unlike MariaDB, has no `IF NOT EXISTS` for a key. */
const FIND_INDEX = `
  SELECT 1 FROM information_schema.statistics
  WHERE table_schema = DATABASE() AND table_name = 'dead_letters' AND index_name = 'dead_letters_queue' LIMIT 1
`;

/** Letters of one queue in the order of their ids, whatever their reasons are: `dead_letters_kind` has those between. */
export class DeadLettersByQueue1764200000900 extends ForwardMigration {
  readonly name = 'DeadLettersByQueue1764200000900';

  async up(queryRunner: QueryRunner): Promise<void> {
    const found = (await queryRunner.query(FIND_INDEX)) as unknown[];
    if (found.length > 0) return;
    await queryRunner.query('ALTER TABLE dead_letters ADD KEY dead_letters_queue (status, queue, id)');
  }
}
