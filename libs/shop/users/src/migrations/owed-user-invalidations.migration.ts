import { ForwardMigration } from '@fourfold/db-routing';
import { createWithSlot } from '@fourfold/sharding';
import type { QueryRunner } from 'typeorm';

/** Changes of users of which the cache may not have been told. The release before knows nothing of it, and need not. */
export class OwedUserInvalidations1764300000500 extends ForwardMigration {
  readonly name = 'OwedUserInvalidations1764300000500';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createWithSlot(
      queryRunner,
      { table: 'owed_user_invalidations', key: 'user_id' },
      (slot) => `
      CREATE TABLE IF NOT EXISTS owed_user_invalidations (
        user_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
        version INT             NOT NULL,
        ${slot},
        KEY owed_user_invalidations_slot (slot, user_id)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `,
    );
  }
}
