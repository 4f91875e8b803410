import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/**
 * When a migration of slots last got further, so that one that stands still is told from a slow one, whichever coordinator
 * has it. Nullable and last: a coordinator of the version before goes on beside it.
 */
export class RingTaskProgress1765000001300 extends ForwardMigration {
  readonly name = 'RingTaskProgress1765000001300';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.addColumn(queryRunner, 'ring_task', 'progressed_at', 'DATETIME(3) NULL');
  }
}
