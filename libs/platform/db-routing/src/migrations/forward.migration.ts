import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A migration that only goes forward: what it would undo may be in use, and a new migration can take it back in the
 * open. Its statements must be repeatable (`IF NOT EXISTS`), for MySQL commits each one by itself.
 */
export abstract class ForwardMigration implements MigrationInterface {
  /** Ends in the timestamp (13 digits) by which migrations are ordered. */
  abstract readonly name: string;

  abstract up(queryRunner: QueryRunner): Promise<void>;

  down(): Promise<void> {
    return Promise.reject(new Error(`${this.name}: migrations only go forward`));
  }
}
