import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/**
 * The migrations of slots, one row each. `active` lets one of them run at a time: it is NULL once a migration is over, and
 * NULLs are not equal. `token` grows with every coordinator that takes a migration over, over all migrations, and every
 * change of a row names state and token; the lease is the server's time. `done` counts the batches that the state in hand
 * has dealt with, `handed_off` those whose slots are the receiver's.
 */
const CREATE_RING_TASK = `
  CREATE TABLE IF NOT EXISTS ring_task (
    id               BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    kind             VARCHAR(16) NOT NULL,
    shard            VARCHAR(32) NULL,
    plan             LONGTEXT NOT NULL CHECK (JSON_VALID(plan)),
    state            VARCHAR(16) NOT NULL,
    wanted           ENUM ('run', 'pause', 'abort') NOT NULL DEFAULT 'run',
    token            BIGINT UNSIGNED NOT NULL,
    holder           CHAR(36) NULL,
    lease_expires_at DATETIME(3) NULL,
    done             INT UNSIGNED NOT NULL DEFAULT 0,
    handed_off       INT UNSIGNED NOT NULL DEFAULT 0,
    rows_total       BIGINT UNSIGNED NOT NULL DEFAULT 0,
    rows_copied      BIGINT UNSIGNED NOT NULL DEFAULT 0,
    mismatches       INT UNSIGNED NOT NULL DEFAULT 0,
    longest_freeze_ms INT UNSIGNED NOT NULL DEFAULT 0,
    error            TEXT NULL,
    created_at       DATETIME(3) NOT NULL,
    state_since      DATETIME(3) NOT NULL,
    active           TINYINT UNSIGNED AS (IF(state IN ('purged', 'aborted'), NULL, 1)) STORED,
    UNIQUE KEY ring_task_active (active)
  ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

/** Of a migration of slots, on the main cluster. */
export class CreateRingTask1764800000002 extends ForwardMigration {
  readonly name = 'CreateRingTask1764800000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CREATE_RING_TASK);
  }
}
