import { authEnv, oneKeySource } from '@fourfold/auth';
import { cacheEnv } from '@fourfold/cache';
import { databaseEnv } from '@fourfold/db-routing';
import { objectStorageEnv } from '@fourfold/object-storage';
import { serviceEnv } from '@fourfold/observability';
import { outboxEnv } from '@fourfold/outbox';
import { queueEnv } from '@fourfold/queue';
import { shardUrlsSchema } from '@fourfold/sharding';
import { z } from 'zod';

/** What every process of the shop reads from its environment; an application adds its own by `safeExtend`. */
export const shopEnv = z
  .object({
    ...serviceEnv,
    ...databaseEnv,
    ...cacheEnv,
    ...outboxEnv,
    ...queueEnv,
    ...authEnv,
    ...objectStorageEnv,
    SHARD_URLS: shardUrlsSchema,
    SHARD_SECRETS_DIR: z.string().min(1).optional(),
  })
  .refine(...oneKeySource);

export type ShopConfig = z.output<typeof shopEnv>;
