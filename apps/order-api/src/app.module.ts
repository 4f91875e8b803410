import { Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import { AuthModule, authOptionsOf } from '@fourfold/auth';
import { CacheModule } from '@fourfold/cache';
import { ConsistencyInterceptor, DbRoutingModule } from '@fourfold/db-routing';
import { PageCursors } from '@fourfold/kernel';
import { ObservabilityModule } from '@fourfold/observability';
import { OutboxModule } from '@fourfold/outbox';
import { DeadLettersModule, QueueModule, RedisOutboxSignal } from '@fourfold/queue';
import { ShardingModule } from '@fourfold/sharding';
import { catalogEntities, CatalogModule } from '@shop/catalog';
import { cacheNamespaces, idSchema, shopQueues } from '@shop/contracts';
import { ordersEntities, OrdersModule, ordersShardEntities } from '@shop/orders';
import { UsersModule, usersShardEntities } from '@shop/users';
import { CacheController } from './admin/cache.controller.js';
import { CacheReporter } from './admin/cache.reporter.js';
import { DeadLettersController } from './admin/dead-letters.controller.js';
import { QueuesController } from './admin/queues.controller.js';
import { planNamespaces, RebalancePlan } from './admin/rebalance.plan.js';
import { ReplicasController } from './admin/replicas.controller.js';
import { ShardsController } from './admin/shards.controller.js';
import { callerKey, callerOf } from './auth/caller.js';
import { CachedReads } from './consistency/cached-reads.js';
import { READER } from './config/api-role.js';
import { config } from './config/order-api.config.js';
import { ProblemFilter } from './http/problem.filter.js';
import { OrdersController } from './orders/orders.controller.js';
import { ProductsController } from './products/products.controller.js';
import { UsersController } from './users/users.controller.js';

const onlyReads = config.API_ROLE === 'read';

@Module({
  imports: [
    ObservabilityModule.forRoot({ service: 'order-api', logLevel: config.LOG_LEVEL }),
    AuthModule.forRoot({ ...authOptionsOf(config), customerSub: idSchema }),
    DbRoutingModule.forRoot({
      primaryUrl: config.DB_PRIMARY_URL,
      replicas: config.DB_REPLICA_URLS,
      monitor: config.DB_MONITOR_ACCOUNT,
      entities: [...catalogEntities, ...ordersEntities],
      ...(onlyReads && READER.database),
      consistency: {
        tokenSecrets: config.CONSISTENCY_TOKEN_SECRETS,
        windowMs: config.STICKY_WINDOW_MS,
        callerOf: (context) => {
          const caller = callerOf(context);
          return caller && callerKey(caller);
        },
      },
    }),
    CacheModule.forRoot({
      redisUrl: config.CACHE_REDIS_URL,
      prefix: config.CACHE_PREFIX,
      namespaces: { ...cacheNamespaces, ...planNamespaces },
      warmUpAtStart: true,
      ...(onlyReads && READER.cache),
    }),
    ShardingModule.forRoot({
      shards: config.SHARD_URLS,
      redis: { url: config.CACHE_REDIS_URL, prefix: config.CACHE_PREFIX },
      entities: [...usersShardEntities, ...ordersShardEntities],
      cursorSecrets: config.CONSISTENCY_TOKEN_SECRETS,
      // Ids are for what is written.
      ...(onlyReads && { ids: false }),
    }),
    QueueModule.forClient({
      redisUrl: config.QUEUE_REDIS_URL,
      prefix: config.QUEUE_PREFIX,
      queues: shopQueues,
    }),
    OutboxModule.forRoot({ queues: shopQueues, signal: RedisOutboxSignal }),
    DeadLettersModule.forRoot({ queues: shopQueues }),
    UsersModule,
    CatalogModule,
    OrdersModule,
  ],
  controllers: [
    OrdersController,
    UsersController,
    ProductsController,
    ReplicasController,
    ShardsController,
    CacheController,
    DeadLettersController,
    QueuesController,
  ],
  providers: [
    CacheReporter,
    RebalancePlan,
    CachedReads,
    { provide: PageCursors, useValue: new PageCursors(config.CONSISTENCY_TOKEN_SECRETS) },
    { provide: APP_INTERCEPTOR, useExisting: ConsistencyInterceptor },
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
})
export class AppModule {}
