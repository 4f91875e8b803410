import { MultiLevelCache } from '@fourfold/cache';
import { OutboxModule, OutboxPublisher } from '@fourfold/outbox';
import {
  CurrentTopology,
  InMemoryWorkerIdLease,
  ShardRouter,
  SnowflakeIds,
  TopologyStore,
} from '@fourfold/sharding';
import { ShardRegistry } from '@fourfold/sharding/operating';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CatalogModule } from '@shop/catalog';
import { mainEntities, shardEntities } from '@shop/composition';
import { OrdersModule } from '@shop/orders';
import { UsersModule } from '@shop/users';
import { DataSource } from 'typeorm';
import type { GrownShop } from './growth.server.js';

/** Every read goes to the database. */
const noView = {
  getOrLoad: (_id: string, load: () => Promise<unknown>) => load(),
  getMany: (ids: readonly string[], load: (ids: readonly string[]) => Promise<unknown>) => load(ids),
  entry: () => ({}),
  peek: () => Promise.resolve(undefined),
  invalidate: () => Promise.resolve({ deferred: false }),
  invalidateAll: () => Promise.resolve({ deferred: false }),
};
const noCache = {
  namespace: () => noView,
  getOrLoad: (_namespace: string, _id: string, load: () => Promise<unknown>) => load(),
  invalidate: () => Promise.resolve({ deferred: false }),
  invalidateAfter: (work: () => Promise<unknown>) => work(),
};

/** Takes every message, and tells who waits for it. */
class Handover extends OutboxPublisher {
  private readonly waiting = new Map<string, () => void>();

  taken(messageId: string): Promise<void> {
    return new Promise((resolve) => this.waiting.set(messageId, resolve));
  }

  publish(messages: Parameters<OutboxPublisher['publish']>[0]): ReturnType<OutboxPublisher['publish']> {
    for (const { messageId } of messages) {
      this.waiting.get(messageId)?.();
      this.waiting.delete(messageId);
    }
    return Promise.resolve(new Set(messages.map(({ outboxId }) => outboxId)));
  }
}

type Token<T> = abstract new (...parameters: never[]) => T;

export interface UncachedShop {
  dataSource: DataSource;
  shard: DataSource;
  get: <T>(token: Token<T>) => T;
  handover: Handover;
  close(): Promise<void>;
}

/** The classes that serve the routes, on one main database and one shard. */
export async function openUncached({ mainUrl, shardUrl }: GrownShop): Promise<UncachedShop> {
  const open = (url: string, entities: (new () => object)[]) =>
    new DataSource({
      type: 'mysql',
      url,
      entities,
      isolationLevel: 'READ COMMITTED',
      supportBigNumbers: true,
      bigNumberStrings: true,
      timezone: 'Z',
    }).initialize();
  const [dataSource, shard] = [await open(mainUrl, mainEntities), await open(shardUrl, shardEntities)];
  const registry = new ShardRegistry({ 'shard-0': shardUrl }, { entities: shardEntities });
  const topology = await CurrentTopology.load(new TopologyStore(dataSource));
  const ids = await SnowflakeIds.start(new InMemoryWorkerIdLease());
  const handover = new Handover();
  const around = [
    { provide: DataSource, useFactory: () => dataSource },
    { provide: MultiLevelCache, useValue: noCache },
    { provide: CurrentTopology, useValue: topology },
    { provide: ShardRouter, useValue: new ShardRouter(topology, registry) },
    { provide: SnowflakeIds, useValue: ids },
    { provide: Handover, useValue: handover },
  ];
  @Module({ providers: around, exports: around.map(({ provide }) => provide) })
  class Around {}
  @Module({
    imports: [
      { module: Around, global: true },
      OutboxModule.forRoot({ publisher: Handover }),
      UsersModule,
      CatalogModule,
      OrdersModule,
    ],
  })
  class Shop {}
  const context = await NestFactory.createApplicationContext(Shop, {
    logger: ['error', 'fatal'],
    abortOnError: false,
  });
  return {
    dataSource,
    shard,
    handover,
    get: <T>(token: Token<T>) => context.get<T>(token, { strict: false }),
    close: async () => {
      await context.close();
      await ids.onApplicationShutdown();
      await registry.onApplicationShutdown();
      await Promise.all([dataSource.destroy(), shard.destroy()]);
    },
  };
}
