import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freshDatabase, openMain } from '../testing/mariadb.js';
import type { RingChange } from '../ring/planning/ring-change.js';
import { ShardRouter } from '../access/shard.router.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import { ShardFences } from '../fence/shard.fences.js';
import { ShardRegistry } from '../routing/shard.registry.js';
import { shardSecrets } from '../sharding.env.js';
import { failureOf, keyOn, ping, SHARDS, TestShards } from '../testing/test-shards.js';
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

interface Choice {
  databaseUrl?: string;
  secrets?: ReturnType<typeof shardSecrets>;
}

async function start(
  urls: Record<string, string> = shards.urls,
  { databaseUrl = database.appUrl, secrets }: Choice = {},
): Promise<INestApplicationContext> {
  @Module({
    imports: [
      TypeOrmModule.forRoot({ type: 'mysql', url: databaseUrl, retryAttempts: 0 }),
      ShardingModule.forRoot({
        engine: testEngine,
        shards: urls,
        ...(secrets && { secrets }),
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
async function publish(app: INestApplicationContext, change: RingChange): Promise<void> {
  const { moves, topology } = ringOf(app).plan(change);
  const fences = new ShardFences(app.get(ShardRegistry, { strict: false }));
  for (const { from, to, receiver: owner } of moves)
    await fences.change(owner, {
      range: { from, to },
      from: ['foreign'],
      to: { mode: 'open', owner, epoch: topology.epoch },
      token: 1,
      deadlineMs: 10_000,
    });
  await app.get(SharedTopology).publish(topology);
}

describe('a topology that gives a shard slots that were not handed off to it', () => {
  it('is refused, and so is one whose new owner can’t be asked', async () => {
    const app = await start();
    const { epoch } = ringOf(app);
    const refusal = async (change: RingChange) =>
      failureOf(app.get(SharedTopology).publish(ringOf(app).plan(change).topology));
    expect(await refusal({ kind: 'weight', shard: 'shard-1', weight: 2 })).toMatchObject({
      code: 'slots-not-moved',
      message: expect.stringContaining('gives shard-1 slots'),
    });
    expect(await refusal({ kind: 'add', shard: 'shard-9' })).toBeInstanceOf(ShardUnavailableError);
    expect(await new TopologyStore(main).head()).toMatchObject({ epoch });
  });
});

describe('a shard that comes while the application runs', () => {
  it('is connected once its secret is there, and stays while it drains', async () => {
    const { 'shard-3': url, ...three } = shards.urls;
    const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const database = await freshDatabase('primary');
    onTestFinished(() => database.drop());
    const own = await openMain(database);
    onTestFinished(() => own.destroy());
    const first = await new TopologyStore(own).initialise(Object.keys(three));
    const app = await start(three, { databaseUrl: database.appUrl, secrets: shardSecrets(folder) });
    const ask = () =>
      app.get<ShardRegistry>(ShardRegistry, { strict: false }).run('shard-3', (runner) => ping(runner));
    const publishNext = async (state: 'active' | 'draining') => {
      const { topology } = ringOf(app);
      const added = { name: 'shard-3', state, weight: 1, url: { file: 'shard-3' } };
      await app
        .get(SharedTopology)
        .publish({ ...topology, epoch: topology.epoch + 1, shards: [...first.shards, added] });
    };
    await publishNext('active');
    expect(await failureOf(ask())).toMatchObject({ fault: 'unknown' });
    writeFileSync(join(folder, 'shard-3'), `${url}\n`);
    expect(await ask()).toEqual([{ one: 1 }]);
    await publishNext('draining');
    expect(await ask()).toEqual([{ one: 1 }]);
    const { topology } = ringOf(app);
    await app.get(SharedTopology).publish({ ...topology, epoch: topology.epoch + 1, shards: first.shards });
    expect(await failureOf(ask())).toMatchObject({ fault: 'unknown' });
  });
});

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
    const { topology } = ringOf(app).plan({ kind: 'add', shard: 'shard-9' });
    await app.get(TopologyStore).publish(topology);
    await eventually(() => expect(ringOf(app).epoch).toBe(topology.epoch));
    const ask = (shard: string) =>
      app.get(ShardRouter).read(keyOn(ringOf(app), shard), (manager) => manager.query('SELECT 1'));
    await expect(ask('shard-9')).rejects.toThrow(ShardUnavailableError);
    for (const shard of SHARDS) await expect(ask(shard)).resolves.toHaveLength(1);
  });
});
