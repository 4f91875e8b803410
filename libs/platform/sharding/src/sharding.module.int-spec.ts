import { HealthRegistry } from '@fourfold/observability/health-registry';
import { ConfigurationError } from '@fourfold/kernel';
import { eventually, FaultProxy, RedisServerFixture, type TestDatabase } from '@fourfold-tools/testing';
import { Global, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SnowflakeIds } from './ids/snowflake.ids.js';
import { freshDatabase, openMain } from './mariadb.support-spec.js';
import { ShardRouter } from './routing/shard.router.js';
import { ShardStatuses } from './routing/shard.statuses.js';
import { ShardUnavailableError } from './routing/shard-unavailable.error.js';
import { keyOn, SHARDS, TestShards } from './routing/shards.support-spec.js';
import { ShardingModule } from './sharding.module.js';
import { CurrentTopology } from './topology/current-topology.js';
import { TopologyMissingError } from './topology/topology.errors.js';
import { TopologyPublisher } from './topology/topology.publisher.js';
import { TopologyStore } from './topology/topology.store.js';

let database: TestDatabase;
let main: DataSource;
let shards: TestShards;
let server: RedisServerFixture;
let link: FaultProxy;

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await freshDatabase('primary');
  main = await openMain(database);
  shards = await TestShards.start();
  server = await RedisServerFixture.start();
  link = await new FaultProxy(server.url).open();
});
afterAll(async () => {
  await link.close();
  await server.dispose();
  await shards.stop();
  await main.destroy();
  await database.drop();
});

/** As the module of observability gives it to every other. */
@Global()
@Module({ providers: [HealthRegistry], exports: [HealthRegistry] })
class HealthModule {}

/** An application as the APIs are, with the application's own account. */
function start(urls: Record<string, string>, redisUrl?: string) {
  const redis = redisUrl === undefined ? {} : { redis: { url: redisUrl, prefix: 'module:' } };
  @Module({
    imports: [
      HealthModule,
      TypeOrmModule.forRoot({ type: 'mysql', url: database.appUrl, retryAttempts: 0 }),
      ShardingModule.forRootAsync({ useFactory: () => ({ shards: urls, ...redis }) }),
    ],
  })
  class AppModule {}
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
}

const holders = () => main.query('SELECT worker_id FROM snowflake_workers WHERE holder IS NOT NULL');

describe('ShardingModule', () => {
  it('does not start without a topology, and says what to run', async () => {
    await expect(start(shards.urls)).rejects.toThrow(TopologyMissingError);
  });

  it('does not start when a shard of the topology has no URL, and names it', async () => {
    await new TopologyStore(main).initialise(SHARDS);
    const { 'shard-3': _left, ...three } = shards.urls;
    await expect(start(three)).rejects.toThrow(ConfigurationError);
    await expect(start(three)).rejects.toThrow(/no URL for shard-3/);
  });

  it('starts while a shard is down, routes, issues ids, and gives its worker id back at the end', async () => {
    await shards.proxy('shard-0').close();
    const app = await start(shards.urls);
    const id = app.get(SnowflakeIds).nextId();
    expect(id).toMatch(/^\d{18,19}$/);
    expect(await holders()).toHaveLength(1);
    const { results, unavailableShards } = await app
      .get(ShardRouter)
      .scatter((manager) => manager.query('SELECT 1'), { deadlineMs: 2_000 });
    expect(results).toHaveLength(3);
    expect(unavailableShards).toEqual(['shard-0']);
    // Shown, and no reason to take the process out of service.
    const [health] = app.get(HealthRegistry).entries;
    expect(health).toMatchObject({ name: 'shards', required: false });
    await expect(health!.probe()).rejects.toThrow(/^shard-0 is unavailable: /);
    expect(await app.get(ShardStatuses).current()).toMatchObject(
      SHARDS.map((shard) => ({ shard, up: shard !== 'shard-0' })),
    );
    await app.close();
    expect(await holders()).toEqual([]);
    await shards.proxy('shard-0').open();
  });

  it('follows a change by its notice, from the first connection to Redis on, and leaves none at the end', async () => {
    const app = await start(shards.urls, link.url);
    const subscribers = () => server.command('PUBSUB', 'NUMSUB', 'module:shard-topology:changed');
    await eventually(async () => expect(await subscribers()).toEqual([expect.anything(), 1]));
    const other = await start(shards.urls, link.url);
    const { ring } = app.get(CurrentTopology);
    await app
      .get(TopologyPublisher)
      .publish(ring.plan({ kind: 'weight', shard: 'shard-1', weight: 2 }).topology);
    await eventually(() => expect(other.get(CurrentTopology).ring.epoch).toBe(ring.epoch + 1), {
      deadlineMs: 1_000,
    });
    await Promise.all([app.close(), other.close()]);
    await eventually(() => expect(link.openConnections).toBe(0));
  });

  it('leaves no connection to Redis when it does not start', async () => {
    const { 'shard-3': _left, ...three } = shards.urls;
    await expect(start(three, link.url)).rejects.toThrow(ConfigurationError);
    expect(link.openConnections).toBe(0);
  });

  it('adopts a shard that it has no URL for: only the keys there fail', async () => {
    const app = await start(shards.urls, link.url);
    const { ring } = app.get(CurrentTopology);
    const { topology } = ring.plan({ kind: 'add', shard: 'shard-9', weight: 1 });
    await app.get(TopologyPublisher).publish(topology);
    const router = app.get(ShardRouter);
    const ask = (shard: string) =>
      router.read(keyOn(app.get(CurrentTopology).ring, shard), (manager) => manager.query('SELECT 1'));
    await expect(ask('shard-9')).rejects.toThrow(ShardUnavailableError);
    await expect(ask('shard-1')).resolves.toHaveLength(1);
    await app.close();
  });
});
