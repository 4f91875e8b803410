import type { QueryRunner } from 'typeorm';

const GENERATED = (key: string) => `AS (CONV(LEFT(MD5(${key}), 4), 16, 10) >> 2) STORED`;
/** The component's MD5 takes text alone. */
const ASSIGNED = (key: string) => `CONV(LEFT(MD5(CONVERT(NEW.${key} USING utf8mb4)), 4), 16, 10) >> 2`;
const NO_SUCH_FUNCTION = 1_305;

/**
 * Makes a sharded table whose column `slot` the database computes from `key` as the ring does (`md5-14`): by a generated
 * column, or, on MySQL 9.6 and later, whose MD5 is in a component that generated columns may not use, by a trigger on
 * each insert. A key never changes. Repeatable, if `create` is.
 * @param create the statement, in which `slot` stands where the column's definition belongs
 * @throws Error when the server has no MD5 at all
 */
export async function createWithSlot(
  runner: QueryRunner,
  { table, key }: { table: string; key: string },
  create: (slot: string) => string,
): Promise<void> {
  if (await generatesMd5(runner)) {
    await runner.query(create(`slot SMALLINT UNSIGNED ${GENERATED(key)}`));
    return;
  }
  await assertMd5(runner);
  await runner.query(create('slot SMALLINT UNSIGNED'));
  await runner.query(
    `CREATE TRIGGER IF NOT EXISTS ${table}_slot BEFORE INSERT ON ${table} FOR EACH ROW SET NEW.slot = ${ASSIGNED(key)}`,
  );
}

async function generatesMd5(runner: QueryRunner): Promise<boolean> {
  const [row] = (await runner.query('SELECT VERSION() AS version')) as { version: string }[];
  const [major = 0, minor = 0] = (row?.version ?? '').split('.').map(Number);
  return (row?.version ?? '').includes('MariaDB') || major < 9 || (major === 9 && minor < 6);
}

async function assertMd5(runner: QueryRunner): Promise<void> {
  try {
    await runner.query("SELECT MD5('')");
  } catch (error) {
    if ((error as { errno?: number }).errno !== NO_SUCH_FUNCTION) throw error;
    throw new Error(
      'This MySQL has no MD5, which slots are computed with. Run on each shard, as an administrator: ' +
        "INSTALL COMPONENT 'file://component_classic_hashing'",
      { cause: error },
    );
  }
}
