import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/**
 * Who may write a slot, as this shard has it: a row for each of the 16,384 slots, and none is ever deleted. A write locks
 * the row of its slot in share mode, so a change of the row waits for the writes under way and is met by all that come
 * after it. `token` is that of the coordinator that changed the row last. A frozen row past `frozen_until` (the server's
 * UTC_TIMESTAMP(3)) is put back to `capture` by whichever writer meets it.
 */
const CREATE_RING_FENCE = `
  CREATE TABLE IF NOT EXISTS ring_fence (
    slot         SMALLINT UNSIGNED NOT NULL PRIMARY KEY,
    owner        VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    epoch        INT UNSIGNED NOT NULL,
    mode         ENUM ('open', 'capture', 'frozen', 'foreign') NOT NULL,
    token        BIGINT UNSIGNED NOT NULL DEFAULT 0,
    frozen_until DATETIME(3) NULL
  ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

/**
 * Which keys were written while their slot was in mode `capture`, in the transaction of the write. It names a key and not
 * what was written: the applier reads all rows of the key anew, so neither order nor repetition matters. Ids have holes
 * and become visible out of order: a reader takes rows away once they are applied and keeps no position.
 */
const CREATE_RING_LOG = `
  CREATE TABLE IF NOT EXISTS ring_log (
    id        BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    slot      SMALLINT UNSIGNED NOT NULL,
    shard_key VARCHAR(255) NOT NULL,
    epoch     INT UNSIGNED NOT NULL,
    KEY ring_log_slot (slot, id)
  ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

/** What each shard needs for online migration. */
export class CreateRingFence1764800000001 extends ForwardMigration {
  readonly name = 'CreateRingFence1764800000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CREATE_RING_FENCE);
    await runner.query(CREATE_RING_LOG);
  }
}
