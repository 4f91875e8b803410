import type { MigrationInterface, QueryRunner } from 'typeorm';

/** MySQL, unlike MariaDB, has no `IF NOT EXISTS` for a column or a key. */
const FIND_COLUMN = `
  SELECT 1 FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ? LIMIT 1
`;

const FIND_KEY = `
  SELECT 1 FROM information_schema.statistics
  WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ? LIMIT 1
`;

/**
 * A migration that only goes forward: what it would undo may be in use, and a new migration can take it back in the
 * open. Its statements must be repeatable (`IF NOT EXISTS`), for MySQL commits each one by itself.
 */
export abstract class ForwardMigration implements MigrationInterface {
  /** Ends in the timestamp (13 digits) by which migrations are ordered. */
  abstract readonly name: string;

  abstract up(queryRunner: QueryRunner): Promise<void>;

  /** Unless the table has a column of that name. @param definition e.g. `INT UNSIGNED NOT NULL DEFAULT 0` */
  protected async addColumn(
    queryRunner: QueryRunner,
    table: string,
    column: string,
    definition: string,
  ): Promise<void> {
    const found = (await queryRunner.query(FIND_COLUMN, [table, column])) as unknown[];
    if (found.length === 0)
      await queryRunner.query(`ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`);
  }

  /** Unless the table has a key of that name. @param columns e.g. `(status, id)` */
  protected async addKey(
    queryRunner: QueryRunner,
    table: string,
    key: string,
    columns: string,
  ): Promise<void> {
    const found = (await queryRunner.query(FIND_KEY, [table, key])) as unknown[];
    if (found.length === 0) await queryRunner.query(`ALTER TABLE ${table} ADD KEY ${key} ${columns}`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error(`${this.name}: migrations only go forward`));
  }
}
