import { Module } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, NestFactory } from '@nestjs/core';
import { MultiLevelCache, WarmupSource } from '@fourfold/cache';
import { Outbox } from '@fourfold/outbox';
import {
  CurrentTopology,
  evenTopology,
  InMemoryWorkerIdLease,
  type SqlExecutor,
  ShardRouter,
  SnowflakeIds,
  TopologyStore,
} from '@fourfold/sharding';
import { testEngine } from '@fourfold-tools/testing';
import { ShardRegistry } from '@fourfold/sharding/operating';
import { ProductReader } from '@shop/catalog';
import { shardEntities } from '@shop/composition';
import { StockKeeper } from '@shop/contracts';
import { OrderIndex, OrderReader } from '@shop/orders';
import { UsersModule } from '@shop/users';
import { DataSource } from 'typeorm';
import { PLANNED_SHARD, type PlannedDatabase } from './planned.database.js';

/** Holds nothing: all that is asked for comes from the databases. */
const noView = {
  getOrLoad: (_id: string, load: () => Promise<unknown>) => load(),
  getMany: (ids: readonly string[], load: (ids: readonly string[]) => Promise<unknown>) => load(ids),
  entry: (ids: readonly string[], loadMany: unknown) => ({ namespace: '', ids, loadMany }),
  invalidate: () => Promise.resolve(),
  invalidateAll: () => Promise.resolve(),
};
const noCache = {
  namespace: () => noView,
  getOrLoad: (_namespace: string, _id: string, load: () => Promise<unknown>) => load(),
  invalidateAfter: (work: () => Promise<unknown>) => work(),
};

type Token<T> = abstract new (...parameters: never[]) => T;

/** The classes of the shop that leave their statements to TypeORM, on a main cluster and one shard. */
export interface PlannedShop {
  get<T>(token: Token<T>): T;
  /** Asks the warm-up of that name for what it would load. */
  warmup(name: string): Promise<void>;
  close(): Promise<void>;
}

export async function openShop(main: PlannedDatabase, shard: PlannedDatabase): Promise<PlannedShop> {
  const registry = new ShardRegistry(
    { [PLANNED_SHARD]: shard.url },
    { engine: testEngine, entities: shardEntities },
  );
  const stored = {
    query: async () => [{ epoch: 1, document: evenTopology([PLANNED_SHARD]) }],
  } as SqlExecutor;
  const topology = await CurrentTopology.load(new TopologyStore(stored));
  const ids = await SnowflakeIds.start(new InMemoryWorkerIdLease());
  const around = [
    { provide: DataSource, useFactory: () => main.dataSource },
    { provide: MultiLevelCache, useValue: noCache },
    { provide: CurrentTopology, useValue: topology },
    { provide: ShardRouter, useValue: new ShardRouter(topology, registry) },
    { provide: SnowflakeIds, useValue: ids },
    { provide: Outbox, useValue: { add: () => Promise.resolve() } },
    { provide: StockKeeper, useValue: { changed: () => Promise.resolve() } },
  ];
  @Module({ providers: around, exports: around.map(({ provide }) => provide) })
  class Around {}
  @Module({
    imports: [{ module: Around, global: true }, DiscoveryModule, UsersModule],
    providers: [ProductReader, OrderIndex, OrderReader],
  })
  class Shop {}
  const context = await NestFactory.createApplicationContext(Shop, { logger: false, abortOnError: false });
  const warmups = () =>
    context
      .get(DiscoveryService)
      .getProviders()
      .map(({ instance }) => instance as unknown);
  return {
    get: <T>(token: Token<T>) => context.get<T>(token, { strict: false }),
    warmup: async (name) => {
      const source = warmups().find(
        (one): one is WarmupSource => one instanceof WarmupSource && one.name === name,
      );
      if (!source) throw new Error(`There is no warm-up ${name}`);
      for await (const _entry of source.entries());
    },
    close: async () => {
      await context.close();
      await ids.onApplicationShutdown();
      await registry.onApplicationShutdown();
    },
  };
}
