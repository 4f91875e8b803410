import { DataSource, type MigrationInterface } from 'typeorm';
import { createDatabase, type TestDatabase } from './test-database.js';
import { topology } from './topology.js';

export interface MigratedDatabaseChoice {
  migrations: readonly (new () => MigrationInterface)[];
  entities?: readonly (new () => object)[];
  /** Statements of the account that may change the schema, after the migrations: tables that only the test has. */
  alsoRun?: readonly string[];
}

export interface MigratedDatabase {
  database: TestDatabase;
  /** For the account that the apps have, with the settings that they have. */
  dataSource: DataSource;
  close(): Promise<void>;
}

/** As many as transactions run at once in a test. */
const CONNECTIONS = 24;

/** A database on the primary for one test file, with a schema made by migrations. */
export async function migratedDatabase(
  { migrations, entities = [], alsoRun = [] }: MigratedDatabaseChoice,
  given?: TestDatabase,
): Promise<MigratedDatabase> {
  const database = given ?? (await createDatabase(topology(), { node: 'primary' }));
  const owner = new DataSource({ type: 'mysql', url: database.migrateUrl, migrations: [...migrations] });
  await owner.initialize();
  await owner.runMigrations({ transaction: 'none' });
  for (const statement of alsoRun) await owner.query(statement);
  await owner.destroy();
  const dataSource = new DataSource({
    type: 'mysql',
    url: database.appUrl,
    entities: [...entities],
    isolationLevel: 'READ COMMITTED',
    poolSize: CONNECTIONS,
    supportBigNumbers: true,
    bigNumberStrings: true,
    timezone: 'Z',
  });
  await dataSource.initialize();
  const close = async (): Promise<void> => {
    await dataSource.destroy();
    await database.drop();
  };
  return { database, dataSource, close };
}
