import type { DynamicModule, Type } from '@nestjs/common';
import { AuthModule, authOptionsOf } from '@fourfold/auth';
import { CacheModule, policiesOf } from '@fourfold/cache';
import { databaseOptionsOf, DbRoutingModule } from '@fourfold/db-routing';
import { ObjectStorageModule, objectStorageOptionsOf } from '@fourfold/object-storage';
import { ObservabilityModule } from '@fourfold/observability';
import { OutboxModule } from '@fourfold/outbox';
import {
  BullPublisher,
  DeadLettersModule,
  QueueModule,
  type QueueModuleExtras,
  RedisOutboxSignal,
} from '@fourfold/queue';
import { ShardingModule, shardSecrets } from '@fourfold/sharding';
import { CatalogModule, catalogNamespaces } from '@shop/catalog';
import { idSchema, shopQueues } from '@shop/contracts';
import { OrdersModule, ordersNamespaces } from '@shop/orders';
import { UsersModule, usersNamespaces } from '@shop/users';
import { mainEntities, shardEntities } from './shop.entities.js';
import type { ShopConfig } from './shop.env.js';

const DAY_SECONDS = 86_400;

const cacheNamespaces = policiesOf([...usersNamespaces, ...catalogNamespaces, ...ordersNamespaces]);

type OptionsOf<M extends { forRoot(options: never): unknown }> = Partial<Parameters<M['forRoot']>[0]>;
type WorkerOptions = Pick<QueueModuleExtras, 'aroundJob'> & OptionsOf<typeof QueueModule>;

export interface ShopOptions {
  /** Names the process in its log and its metrics. */
  service: string;
  config: ShopConfig;
  /** What is not in `config`; entities and namespaces are added to the shop's. */
  database?: OptionsOf<typeof DbRoutingModule>;
  cache?: OptionsOf<typeof CacheModule>;
  sharding?: OptionsOf<typeof ShardingModule>;
  /** For a process that relays the outbox and works the queues off. Without it a process operates them. */
  worker?: WorkerOptions;
}

/**
 * What every process of the shop is made of: telemetry, databases, cache, shards, queues and the shop's own libraries. To be
 * spread into the imports of a module class. Imports of a dynamic module would be added at the same time, not one after the
 * other: at shutdown the main cluster would close before the shards have given their worker id back.
 */
export function shopModules({
  service,
  config,
  database = {},
  cache = {},
  sharding = {},
  worker,
}: ShopOptions): (DynamicModule | Type)[] {
  return [
    ObservabilityModule.forRoot({
      service,
      logLevel: config.LOG_LEVEL,
      logSuccessShare: config.LOG_SUCCESS_SHARE,
    }),
    AuthModule.forRoot({ ...authOptionsOf(config), customerSub: idSchema }),
    DbRoutingModule.forRoot({
      ...databaseOptionsOf(config),
      ...database,
      entities: [...mainEntities, ...(database.entities ?? [])],
    }),
    CacheModule.forRoot({
      redis: config.CACHE_REDIS_URL,
      prefix: config.CACHE_PREFIX,
      ...cache,
      namespaces: { ...cacheNamespaces, ...cache.namespaces },
    }),
    ShardingModule.forRoot({
      engine: config.DB_ENGINE,
      shards: config.SHARD_URLS,
      ...(config.SHARD_SECRETS_DIR && { secrets: shardSecrets(config.SHARD_SECRETS_DIR) }),
      redis: { url: config.CACHE_REDIS_URL, prefix: config.CACHE_PREFIX },
      entities: shardEntities,
      ...sharding,
    }),
    ...queueModules(config, worker),
    ObjectStorageModule.forRoot({ ...objectStorageOptionsOf(config), cleans: worker !== undefined }),
    UsersModule,
    CatalogModule,
    OrdersModule,
  ];
}

/** Of the queues whose jobs take slots, each may have as many as it says: those that share statements wait for each other. */
const JOBS_AT_ONCE = 96;

function queueModules(config: ShopConfig, worker: WorkerOptions | undefined): DynamicModule[] {
  const { QUEUE_REDIS_URL: redis, QUEUE_PREFIX: prefix } = config;
  // The outbox and the dead letters take the queues from their module.
  const queue = {
    redis,
    prefix,
    queues: shopQueues,
    keepDeadLettersSeconds: config.QUEUE_KEEP_DEAD_LETTERS_DAYS * DAY_SECONDS,
  };
  const outbox = {
    signal: RedisOutboxSignal,
    keepDoneSeconds: config.OUTBOX_KEEP_DONE_DAYS * DAY_SECONDS,
    keepProcessedSeconds: config.OUTBOX_KEEP_PROCESSED_DAYS * DAY_SECONDS,
  };
  return worker === undefined
    ? [
        QueueModule.forRoot({ ...queue, role: 'client' }),
        OutboxModule.forRoot(outbox),
        DeadLettersModule.forRoot({}),
      ]
    : [
        QueueModule.forRoot({ ...queue, ...worker, jobsAtOnce: JOBS_AT_ONCE }),
        OutboxModule.forRoot({ ...outbox, publisher: BullPublisher }),
      ];
}
