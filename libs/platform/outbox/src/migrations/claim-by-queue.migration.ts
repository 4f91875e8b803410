import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** One index serves the relay's lanes, the reconciler, the clean-up and the metrics: each goes by state and queue. */
export class ClaimByQueue1764100000200 extends ForwardMigration {
  readonly name = 'ClaimByQueue1764100000200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE outbox
        ADD KEY outbox_lane (state, queue, available_at, run_at),
        DROP KEY outbox_due
    `);
    await queryRunner.query(`
      ALTER TABLE processed_messages ADD KEY processed_at (processed_at)
    `);
  }
}
