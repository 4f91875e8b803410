import { HealthRegistry } from '@fourfold/observability/health-registry';
import { ConfigurationError, DependencyProbes } from '@fourfold/kernel';
import { eventually, type TestDatabase, testEngine } from '@fourfold-tools/testing';
import { Global, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SnowflakeIds } from './ids/snowflake-ids.js';
import { freshDatabase, openMain } from './testing/mariadb.js';
import { evenTopology } from './ring/topology.js';
import { ShardOverview } from './overview/shard-overview.js';
import { ShardRouter } from './access/shard.router.js';
import { ShardStatuses } from './overview/shard.statuses.js';
import { fence, keyOn, SHARDS, TestShards } from './testing/test-shards.js';
import { ShardingModule } from './sharding.module.js';
import type { ShardingModuleOptions } from './sharding.options.js';
import { CurrentTopology } from './topology/current-topology.js';
import { TopologyMissingError, TopologyStore } from './topology/topology.store.js';
import { IdLeaseLostError } from './ids/worker-id.lease.js';

let database: TestDatabase;
let main: DataSource;
let shards: TestShards;

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await freshDatabase('primary');
  main = await openMain(database);
  shards = await TestShards.start();
});
afterAll(async () => {
  await shards.stop();
  await main.destroy();
  await database.drop();
});

/** As the module of observability gives it to every other. */
@Global()
@Module({ providers: [HealthRegistry, DependencyProbes], exports: [HealthRegistry, DependencyProbes] })
class HealthModule {}

/** An application as the APIs are, with the application's own account. */
function start(urls: Record<string, string>, options: Partial<ShardingModuleOptions> = {}) {
  @Module({
    imports: [
      HealthModule,
      TypeOrmModule.forRoot({ type: 'mysql', url: database.appUrl, retryAttempts: 0 }),
      ShardingModule.forRootAsync({ useFactory: () => ({ shards: urls, ...options }) }),
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

  it('does not start without a main cluster, and says what is missing', async () => {
    @Module({ imports: [ShardingModule.forRoot({ engine: testEngine, shards: shards.urls })] })
    class MainlessModule {}
    const starting = () =>
      NestFactory.createApplicationContext(MainlessModule, { logger: false, abortOnError: false });
    await expect(starting()).rejects.toThrow(ConfigurationError);
    await expect(starting()).rejects.toThrow(/its options are not valid\n  - main: .*DataSource/);
  });

  it('does not start with an option that it does not know, and names it and those that it does', async () => {
    const misspelt = { poolsize: 4 } as Partial<ShardingModuleOptions>;
    await expect(start(shards.urls, misspelt)).rejects.toThrow(ConfigurationError);
    await expect(start(shards.urls, misspelt)).rejects.toThrow(
      /poolsize: there is no such option; .*poolSize/,
    );
    await expect(start(shards.urls, { ids: { reservationMs: 5 } })).rejects.toThrow(/ids\.reservationMs: /);
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
    // What waits for one shard asks that one.
    const probeOf = (shard: string) => app.get(DependencyProbes).find(shard)!;
    await expect(probeOf('shard-0').ask()).rejects.toThrow();
    await expect(probeOf('shard-1').ask()).resolves.toBeUndefined();
    expect(probeOf('shard-1').partial).toBe(true);
    await app.close();
    expect(await holders()).toEqual([]);
    await shards.proxy('shard-0').open();
  });

  it('says when it starts, and whenever it is asked, which shard has no fences and what to run', async () => {
    const bare = await freshDatabase('shard-1');
    shards.proxy('shard-1').moveTo(bare.appUrl);
    const logged = vi.spyOn(Logger.prototype, 'error');
    const told = () => logged.mock.calls.map(([line]) => String(line)).join('\n');
    const app = await start(shards.urls);
    try {
      const missing = 'shard-1 has no fences of its slots: run `npm run migrate`';
      await eventually(() => told().includes(`ShardRouter can’t write to shard-1, where`));
      expect(told()).toContain(missing);
      expect(told()).not.toContain('shard-0');
      const [health] = app.get(HealthRegistry).entries;
      await expect(health!.probe()).rejects.toThrow(missing);
      expect(await app.get(ShardStatuses).current()).toMatchObject(
        SHARDS.map((shard) =>
          shard === 'shard-1' ? { shard, up: false, reason: missing } : { shard, up: true },
        ),
      );
      // Once it is migrated that is over, without a restart.
      const root = await new DataSource({ type: 'mysql', url: bare.rootUrl }).initialize();
      await fence(root, 'shard-1', evenTopology(SHARDS));
      await root.destroy();
      await eventually(async () => (await app.get(ShardStatuses).current()).every(({ up }) => up));
    } finally {
      await app.close();
      logged.mockRestore();
      shards.heal('shard-1');
      await bare.drop();
    }
  });

  it('takes no worker id where no ids are wanted, and gives none', async () => {
    const app = await start(shards.urls, { ids: false });
    expect(await holders()).toEqual([]);
    expect(() => app.get(SnowflakeIds).nextId()).toThrow(IdLeaseLostError);
    await expect(app.get(SnowflakeIds).waitForId()).rejects.toThrow(IdLeaseLostError);
    await app.close();
  });

  it('shows operators whose key takes a shard more than its share', async () => {
    const app = await start(shards.urls, { hotKeys: { windowMs: 200, share: 0.5, perSecond: 20 } });
    const router = app.get(ShardRouter);
    const key = keyOn(app.get(CurrentTopology).ring, 'shard-2');
    const shown = await eventually(async () => {
      for (let i = 0; i < 20; i++) await router.read(key, async () => i);
      const { hotKeys } = await app.get(ShardOverview).view();
      return hotKeys.length > 0 && hotKeys;
    });
    expect(shown).toEqual([{ shard: 'shard-2', key, share: 1, perSecond: expect.any(Number) }]);
    await app.close();
  });
});
