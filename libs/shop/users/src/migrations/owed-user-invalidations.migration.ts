import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** Changes of users of which the cache may not have been told. The release before knows nothing of it, and need not. */
export class OwedUserInvalidations1764300000500 extends ForwardMigration {
  readonly name = 'OwedUserInvalidations1764300000500';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS owed_user_invalidations (
        user_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
        version INT             NOT NULL,
        slot    SMALLINT UNSIGNED AS (CONV(LEFT(MD5(user_id), 4), 16, 10) >> 2) STORED,
        KEY owed_user_invalidations_slot (slot, user_id)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
  }
}
