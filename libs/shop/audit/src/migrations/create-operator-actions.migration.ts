import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

const TABLES = ['operator_actions', 'operator_action_outcomes'] as const;

/**
 * Rows are added and nothing else: a trigger refuses each UPDATE and DELETE, of the application's account as of any other,
 * and the application's may neither empty a table nor change a trigger. An outcome is a row of its own for that reason.
 */
export class CreateOperatorActions1765000001100 extends ForwardMigration {
  readonly name = 'CreateOperatorActions1765000001100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS operator_actions (
        id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        at         DATETIME(3)     NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
        actor      VARCHAR(255)    NOT NULL,
        action     VARCHAR(100)    NOT NULL,
        target     VARCHAR(500)    NOT NULL,
        address    VARCHAR(45)     NOT NULL,
        request_id VARCHAR(128)    NOT NULL,
        KEY operator_actions_newest (at, id),
        KEY operator_actions_actor (actor, at, id),
        KEY operator_actions_action (action, at, id)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS operator_action_outcomes (
        action_id BIGINT UNSIGNED   NOT NULL PRIMARY KEY,
        status    SMALLINT UNSIGNED NOT NULL,
        at        DATETIME(3)       NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    `);
    for (const table of TABLES)
      for (const change of ['UPDATE', 'DELETE'])
        await queryRunner.query(`
          CREATE TRIGGER IF NOT EXISTS ${table}_no_${change.toLowerCase()} BEFORE ${change} ON ${table}
          FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${table} is append-only'
        `);
  }
}
