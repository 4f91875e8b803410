import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/**
 * The trace that a message belongs to, as W3C's headers in JSON. Nullable and last, so that writers of the version before
 * go on beside it, and an online change of the definition alone is enough.
 */
export class OutboxTrace1764200000200 extends ForwardMigration {
  readonly name = 'OutboxTrace1764200000200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.addColumn(queryRunner, 'outbox', 'trace_context', 'VARCHAR(2048) CHARACTER SET ascii NULL');
  }
}
