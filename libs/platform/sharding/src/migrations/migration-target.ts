import { DataSource, type DataSourceOptions, type MigrationInterface } from 'typeorm';

export type MigrationClass = new () => MigrationInterface;

/** One database and the migrations it should have. */
export interface MigrationTarget {
  /** `main` or the shard's name. */
  name: string;
  url: string;
  migrations: readonly MigrationClass[];
}

export interface MigrationState {
  target: string;
  migration: string;
  applied: boolean;
}

const LOCK_WAIT_SECONDS = 60;
const LOCK = 'SELECT GET_LOCK(CONCAT(DATABASE(), ".migrate"), ?) AS taken';

/** Runs `work` with the database open; its one connection means that a session lock holds for all of it. */
async function withDataSource<T>(
  target: MigrationTarget,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  const options: DataSourceOptions = {
    type: 'mysql',
    url: target.url,
    migrations: [...target.migrations],
    migrationsTableName: 'schema_migrations',
    synchronize: false,
    extra: { connectionLimit: 1 },
    connectTimeout: 5_000,
  };
  const dataSource = new DataSource(options);
  try {
    await dataSource.initialize();
    return await work(dataSource);
  } catch (error) {
    const { host, pathname } = new URL(target.url);
    throw new Error(`Migrating ${target.name} (${host}${pathname}) failed: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

/**
 * Brings one database up to date. Two at once wait for one another (a lock of the server, gone with its session), and
 * every step may run again: a migration that was cut short is repeated.
 * @returns the names of the migrations that ran
 */
export function migrate(target: MigrationTarget): Promise<string[]> {
  return withDataSource(target, async (dataSource) => {
    const [lock] = await dataSource.query<{ taken: number | string | null }[]>(LOCK, [LOCK_WAIT_SECONDS]);
    if (Number(lock?.taken) !== 1) {
      throw new Error(`another migration has held the lock for over ${LOCK_WAIT_SECONDS} s`);
    }
    // MySQL commits at every DDL statement: a transaction around them would only pretend.
    const ran = await dataSource.runMigrations({ transaction: 'none' });
    return ran.map(({ name }) => name);
  });
}

/** What has been applied and what is pending; changes nothing. */
export function migrationStates(target: MigrationTarget): Promise<MigrationState[]> {
  return withDataSource(target, async (dataSource) => {
    const [table] = await dataSource.query<unknown[]>("SHOW TABLES LIKE 'schema_migrations'");
    const rows = table
      ? await dataSource.query<{ name: string }[]>('SELECT name FROM schema_migrations')
      : [];
    const applied = new Set(rows.map(({ name }) => name));
    return dataSource.migrations.map(({ name = '' }) => ({
      target: target.name,
      migration: name,
      applied: applied.has(name),
    }));
  });
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
