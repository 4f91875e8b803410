import { DependencyProbes } from '@fourfold/kernel';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import {
  createDatabase,
  eventually,
  type ReplicatedServers,
  type TestDatabase,
  testEngine,
  type TestTopology,
  topology,
} from '@fourfold-tools/testing';
import { Global, type INestApplicationContext, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { DbRoutingModule } from '../db-routing.module.js';
import type { DbRoutingExtras, DbRoutingOptions } from '../db-routing.options.js';
import { CreateReplicationHeartbeat1764000000100 } from '../migrations/create-heartbeat.migration.js';

@Entity('notes')
export class Note {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column({ type: 'varchar', length: 100 })
  text!: string;
}

@Global()
@Module({ providers: [HealthRegistry, DependencyProbes], exports: [HealthRegistry, DependencyProbes] })
class HealthModule {}

/** A database with `notes` and the heartbeat table in it, on the primary and on its replicas. */
export async function routedDatabase(
  create = () => createDatabase(topology(), { node: 'primary' }),
): Promise<TestDatabase> {
  Logger.overrideLogger(false);
  const database = await create();
  const migrate = new DataSource({
    type: 'mysql',
    url: database.migrateUrl,
    migrations: [CreateReplicationHeartbeat1764000000100],
  });
  await migrate.initialize();
  await migrate.runMigrations();
  await migrate.query(
    'CREATE TABLE notes (id BIGINT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(100) NOT NULL)',
  );
  await migrate.query("INSERT INTO notes (text) VALUES ('first')");
  await migrate.destroy();
  for (const url of database.readUrls) {
    await eventually(async () => (await ask(url, 'SELECT id FROM notes')).length === 1);
  }
  return database;
}

/** An application as the APIs are, with the application's own accounts. The caller closes it. */
export function routedApp(
  database: TestDatabase,
  options: Partial<DbRoutingOptions & DbRoutingExtras> = {},
): Promise<INestApplicationContext> {
  @Module({
    imports: [
      HealthModule,
      DbRoutingModule.forRoot({
        engine: testEngine,
        primaryUrl: database.appUrl,
        replicas: database.readUrls,
        entities: [Note],
        ...options,
      }),
    ],
  })
  class AppModule {}
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
}

/** One statement on one server, around everything under test. */
export async function ask(url: string, statement: string): Promise<RowDataPacket[]> {
  const connection = await createConnection({ uri: url });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(statement);
    return rows;
  } finally {
    await connection.end();
  }
}

/** `@@server_id` of the primary, and of each replica in order. */
export async function serverIds(
  { primary, replicas }: Pick<TestTopology, 'primary' | 'replicas'> | ReplicatedServers = topology(),
): Promise<{
  primary: string;
  replicas: string[];
}> {
  const idOf = async (url: string) => String((await ask(url, 'SELECT @@server_id AS id'))[0]?.['id']);
  return {
    primary: await idOf(primary.rootUrl),
    replicas: await Promise.all(replicas.map((r) => idOf(r.rootUrl))),
  };
}

/** Which server answers a read of the query builder now. */
export async function readingServer(dataSource: DataSource): Promise<string> {
  const row = await dataSource
    .createQueryBuilder(Note, 'note')
    .select('@@server_id', 'server')
    .limit(1)
    .getRawOne<{ server: string }>();
  return String(row?.server);
}

/** Every server that answered one of `reads` reads. */
export async function readers(dataSource: DataSource, reads = 20): Promise<string[]> {
  const seen = new Set<string>();
  for (let read = 0; read < reads; read += 1) seen.add(await readingServer(dataSource));
  return [...seen].sort();
}
