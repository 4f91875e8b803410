import { ForwardMigration } from './forward.migration.js';
import type { QueryRunner } from 'typeorm';

export class CreateReplicationHeartbeat1764000000100 extends ForwardMigration {
  readonly name = 'CreateReplicationHeartbeat1764000000100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS replication_heartbeat (
        id         TINYINT UNSIGNED NOT NULL PRIMARY KEY,
        written_at DATETIME(3)      NOT NULL
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
  }
}
