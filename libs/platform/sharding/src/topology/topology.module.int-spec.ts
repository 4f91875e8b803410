import { ConfigurationError } from '@fourfold/kernel';
import {
  eventually,
  FaultProxy,
  RedisServerFixture,
  type TestDatabase,
  testEngine,
} from '@fourfold-tools/testing';
import { type INestApplicationContext, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, openMain } from '../testing/mariadb.js';
import type { RingChange } from '../ring/planning/ring-change.js';
import { ShardRouter } from '../access/shard.router.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import { keyOn, SHARDS, TestShards } from '../testing/test-shards.js';
import { ShardingModule } from '../sharding.module.js';
import { CurrentTopology } from './current-topology.js';
import { SharedTopology } from './shared-topology.js';
import { TopologyStore } from './topology.store.js';

let database: TestDatabase;
let main: DataSource;
let shards: TestShards;
let server: RedisServerFixture;
let link: FaultProxy;
const apps: INestApplicationContext[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await freshDatabase('primary');
  main = await openMain(database);
  await new TopologyStore(main).initialise(SHARDS);
  shards = await TestShards.start();
  server = await RedisServerFixture.start();
  link = await new FaultProxy(server.url).open();
});
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));
afterAll(async () => {
  await link?.close();
  await server?.dispose();
  await shards?.stop();
  await main?.destroy();
  await database?.drop();
});

async function start(urls = shards.urls): Promise<INestApplicationContext> {
  @Module({
    imports: [
      TypeOrmModule.forRoot({ type: 'mysql', url: database.appUrl, retryAttempts: 0 }),
      ShardingModule.forRoot({
        engine: testEngine,
        shards: urls,
        redis: { url: link.url, prefix: 'module:' },
      }),
    ],
  })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  apps.push(app);
  return app;
}

const ringOf = (app: INestApplicationContext) => app.get(CurrentTopology).ring;
const publish = (app: INestApplicationContext, change: RingChange) =>
  app.get(SharedTopology).publish(ringOf(app).plan(change).topology);

describe('an application that names a Redis', () => {
  it('follows a change that another one makes, and leaves no connection at its end', async () => {
    const [one, other] = [await start(), await start()];
    const subscribers = () => server.command('PUBSUB', 'NUMSUB', 'module:shard-topology:changed');
    await eventually(async () => expect(await subscribers()).toEqual([expect.anything(), 2]));
    await publish(one, { kind: 'weight', shard: 'shard-1', weight: 2 });
    await eventually(() => expect(ringOf(other).topology).toEqual(ringOf(one).topology));
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await eventually(() => expect(link.openConnections).toBe(0));
  });

  it('makes no connection to it when it does not start', async () => {
    const { 'shard-3': _left, ...three } = shards.urls;
    const before = link.accepted;
    await expect(start(three)).rejects.toThrow(ConfigurationError);
    expect(link.accepted).toBe(before);
  });

  it('starts, and follows, while Redis is away', async () => {
    await link.close();
    const [one, other] = [await start(), await start()];
    await publish(one, { kind: 'weight', shard: 'shard-1', weight: 3 });
    await eventually(() => expect(ringOf(other).epoch).toBe(ringOf(one).epoch));
    await link.open();
  });

  it('adopts at run time a shard that it has no URL for: only the keys there fail', async () => {
    const app = await start();
    await publish(app, { kind: 'add', shard: 'shard-9' });
    const ask = (shard: string) =>
      app.get(ShardRouter).read(keyOn(ringOf(app), shard), (manager) => manager.query('SELECT 1'));
    await expect(ask('shard-9')).rejects.toThrow(ShardUnavailableError);
    for (const shard of SHARDS) await expect(ask(shard)).resolves.toHaveLength(1);
  });
});
