import { Module } from '@nestjs/common';
import { AuthModule, authOptionsOf } from '@fourfold/auth';
import { CacheModule } from '@fourfold/cache';
import { DbRoutingModule } from '@fourfold/db-routing';
import { ObservabilityModule } from '@fourfold/observability';
import { OutboxModule } from '@fourfold/outbox';
import { BullPublisher, QueueModule, RedisOutboxSignal } from '@fourfold/queue';
import { ShardingModule } from '@fourfold/sharding';
import { catalogEntities, CatalogModule } from '@shop/catalog';
import { cacheNamespaces, idSchema, shopQueues } from '@shop/contracts';
import { notificationsEntities, NotificationsModule } from '@shop/notifications';
import { ordersEntities, OrdersModule, ordersShardEntities } from '@shop/orders';
import { EmailSweepModule, UsersModule, usersShardEntities } from '@shop/users';
import { CacheInvalidationProcessor } from './processors/cache-invalidation.processor.js';
import { EmailProcessor } from './processors/email.processor.js';
import { InventoryProcessor } from './processors/inventory.processor.js';
import { JobScope } from './processors/job-scope.js';
import { OrderIndexProcessor } from './processors/order-index.processor.js';
import { config } from './worker.config.js';

@Module({
  imports: [
    ObservabilityModule.forRoot({ service: 'worker', logLevel: config.LOG_LEVEL }),
    AuthModule.forRoot({ ...authOptionsOf(config), customerSub: idSchema }),
    DbRoutingModule.forRoot({
      primaryUrl: config.DB_PRIMARY_URL,
      replicas: config.DB_REPLICA_URLS,
      monitor: config.DB_MONITOR_ACCOUNT,
      entities: [...catalogEntities, ...ordersEntities, ...notificationsEntities],
    }),
    CacheModule.forRoot({
      redisUrl: config.CACHE_REDIS_URL,
      prefix: config.CACHE_PREFIX,
      namespaces: cacheNamespaces,
    }),
    ShardingModule.forRoot({
      shards: config.SHARD_URLS,
      redis: { url: config.CACHE_REDIS_URL, prefix: config.CACHE_PREFIX },
      entities: [...usersShardEntities, ...ordersShardEntities],
    }),
    QueueModule.forRoot({
      redisUrl: config.QUEUE_REDIS_URL,
      prefix: config.QUEUE_PREFIX,
      queues: shopQueues,
      aroundJob: JobScope,
    }),
    OutboxModule.forRelay({ publisher: BullPublisher, signal: RedisOutboxSignal, queues: shopQueues }),
    UsersModule,
    EmailSweepModule,
    CatalogModule,
    OrdersModule,
    NotificationsModule.forRoot({
      smtpUrl: config.SMTP_URL,
      sender: config.MAIL_FROM,
      mailCatcherUrl: config.MAIL_CATCHER_URL,
    }),
  ],
  providers: [JobScope, InventoryProcessor, OrderIndexProcessor, EmailProcessor, CacheInvalidationProcessor],
})
export class WorkerModule {}
