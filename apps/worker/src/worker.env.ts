import { authEnv, oneKeySource } from '@fourfold/auth';
import { cacheEnv } from '@fourfold/cache';
import { databaseEnv } from '@fourfold/db-routing';
import { serviceEnv } from '@fourfold/observability';
import { queueEnv } from '@fourfold/queue';
import { shardUrlsSchema } from '@fourfold/sharding';
import { notificationsEnv } from '@shop/notifications';
import { z } from 'zod';

/** What the worker reads from its environment. */
export const workerEnv = z
  .object({
    ...serviceEnv,
    ...databaseEnv,
    ...cacheEnv,
    ...queueEnv,
    ...notificationsEnv,
    ...authEnv,
    SHARD_URLS: shardUrlsSchema,
  })
  .refine(...oneKeySource);
