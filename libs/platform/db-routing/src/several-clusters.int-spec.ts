import { DependencyProbes } from '@fourfold/kernel';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { type TestDatabase, testEngine } from '@fourfold-tools/testing';
import { Global, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeStatuses } from './cluster/node-status.js';
import { createRoutedDataSource, type Routing } from './cluster/routing.js';
import { consistencyState } from './consistency/consistency.context.js';
import { ANY_AGE } from './consistency/freshness.js';
import { ReadYourWrites } from './consistency/read-your-writes.js';
import { DbRoutingModule, getRoutingToken } from './db-routing.module.js';
import { Note, readers, routedDatabase, serverIds } from './testing/routed-database.js';

@Global()
@Module({ providers: [HealthRegistry, DependencyProbes], exports: [HealthRegistry, DependencyProbes] })
class HealthModule {}

const tokenSecrets = ['a secret of at least 32 characters'];

let main: TestDatabase;
let archive: TestDatabase;
let servers: Awaited<ReturnType<typeof serverIds>>;
beforeAll(async () => {
  [main, archive] = [await routedDatabase(), await routedDatabase()];
  servers = await serverIds();
});
afterAll(async () => {
  await main.drop();
  await archive.drop();
});

describe('two clusters in one application', () => {
  let app: INestApplicationContext;
  let archived: DataSource;
  beforeAll(async () => {
    @Module({
      imports: [
        HealthModule,
        DbRoutingModule.forRoot({
          primaryUrl: main.appUrl,
          replicas: main.readUrls,
          engine: testEngine,
          consistency: { tokenSecrets },
          entities: [Note],
        }),
        DbRoutingModule.forRootAsync({
          name: 'archive',
          entities: [Note],
          useFactory: () => ({
            engine: testEngine,
            primaryUrl: archive.appUrl,
            replicas: archive.readUrls,
            primaryConnections: 2,
          }),
        }),
      ],
    })
    class AppModule {}
    app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    archived = app.get<DataSource>(getDataSourceToken('archive'));
  });
  afterAll(() => app.close());

  it('have a DataSource each, whose reads go to replicas of its own', async () => {
    const dataSource = app.get(DataSource);
    expect(dataSource).not.toBe(archived);
    await archived.getRepository(Note).insert({ text: 'archived' });
    const texts = async (from: DataSource) => {
      const all = await from.transaction((manager) => manager.find(Note, { order: { id: 'ASC' } }));
      return all.map(({ text }) => text);
    };
    expect(await texts(archived)).toEqual(['first', 'archived']);
    expect(await texts(dataSource)).toEqual(['first']);
    for (const one of [dataSource, archived])
      expect(await readers(one, 40)).toEqual([...servers.replicas].sort());
  });

  it('are told apart by the names of their nodes: pools, health, probes', async () => {
    const { cluster, statuses } = app.get<Routing>(getRoutingToken('archive'));
    expect(cluster.pools.map(({ node, stats }) => [node, stats.size])).toEqual([
      ['archive', 2],
      ['archive-replica-1', 64],
      ['archive-replica-2', 64],
    ]);
    expect(statuses.all.map(({ node, state }) => [node, state])).toEqual([
      ['archive', 'primary'],
      ['archive-replica-1', 'healthy'],
      ['archive-replica-2', 'healthy'],
    ]);
    expect(app.get(NodeStatuses).all.map(({ node }) => node)).toEqual(['primary', 'replica-1', 'replica-2']);
    expect(app.get(HealthRegistry).entries.map(({ name }) => name)).toEqual([
      ...['database-primary', 'database-replica-1', 'database-replica-2'],
      ...['database-archive', 'database-archive-replica-1', 'database-archive-replica-2'],
    ]);
    await app.get(DependencyProbes).find('archive')!.ask();
  });

  it('hold a read back for what its caller wrote in the same cluster, and carry that in one token', async () => {
    const readYourWrites = app.get(ReadYourWrites);
    const notes = archived.getRepository(Note);
    const token = await readYourWrites.isolate(async () => {
      await notes.insert({ text: 'seen at once' });
      expect(await notes.countBy({ text: 'seen at once' })).toBe(1);
      const scope = consistencyState().scope!;
      expect(scope.freshness).toEqual(ANY_AGE);
      expect(Object.keys(scope.elsewhere)).toEqual(['archive']);
      return readYourWrites.tokenOf(scope);
    });
    await readYourWrites.runFresh(token, async () => {
      expect(readYourWrites.mustSeeWrites()).toBe(true);
      expect(await notes.countBy({ text: 'seen at once' })).toBe(1);
      expect(consistencyState().scope!.freshness).toEqual(ANY_AGE);
    });
  });
});

describe('createRoutedDataSource', () => {
  it('reads from replicas, writes to the primary and closes all, without Nest', async () => {
    const routed = createRoutedDataSource({
      primaryUrl: main.appUrl,
      replicas: main.readUrls,
      engine: testEngine,
      entities: [Note],
      consistency: { tokenSecrets },
    });
    const dataSource = await routed.start();
    expect(await readers(dataSource, 40)).toEqual([...servers.replicas].sort());
    const text = 'without Nest';
    await routed.readYourWrites.isolate(async () => {
      await dataSource.getRepository(Note).insert({ text });
      expect(await dataSource.getRepository(Note).countBy({ text })).toBe(1);
    });
    await routed.stop();
    expect(dataSource.isInitialized).toBe(false);
    expect(routed.cluster.pools.map(({ stats }) => [stats.used, stats.pending])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it('refuses an option that it does not know, and says which there are', () => {
    const lag: object = { ejectMS: 1 };
    expect(() => createRoutedDataSource({ primaryUrl: main.appUrl, replicas: [], lag })).toThrow(
      'lag.ejectMS: there is no such option; there are ejectMs, readmitMs, unusableMs',
    );
  });
});
