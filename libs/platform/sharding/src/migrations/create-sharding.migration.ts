import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

const CREATE_SHARD_TOPOLOGY = `
  CREATE TABLE IF NOT EXISTS shard_topology (
    epoch      INT UNSIGNED NOT NULL PRIMARY KEY,
    document   LONGTEXT NOT NULL CHECK (JSON_VALID(document)),
    created_at DATETIME(3) NOT NULL
  ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

/**
 * `lease_expires_at` is the server's time and says whether the holder is alive. `reserved_until_ms` is in the
 * holders' time and is the floor of the next one. They are apart so that a process with a wrong clock can neither
 * take a living one's id nor lose its own.
 */
const CREATE_SNOWFLAKE_WORKERS = `
  CREATE TABLE IF NOT EXISTS snowflake_workers (
    worker_id         SMALLINT UNSIGNED NOT NULL PRIMARY KEY,
    holder            CHAR(36) NULL,
    lease_expires_at  DATETIME(3) NULL,
    reserved_until_ms BIGINT UNSIGNED NOT NULL DEFAULT 0
  ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

/** All 1,024 ids exist from the start, so that taking one is an update of a row and never a race to insert it. */
const INSERT_WORKER_IDS = `
  INSERT INTO snowflake_workers (worker_id)
  VALUES ${Array.from({ length: 1_024 }, (_, workerId) => `(${workerId})`).join(', ')}
  ON DUPLICATE KEY UPDATE worker_id = snowflake_workers.worker_id`;

/** Tables of topology and Snowflake ids, on the main cluster. */
export class CreateSharding1732300000001 extends ForwardMigration {
  readonly name = 'CreateSharding1732300000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CREATE_SHARD_TOPOLOGY);
    await runner.query(CREATE_SNOWFLAKE_WORKERS);
    await runner.query(INSERT_WORKER_IDS);
  }
}
