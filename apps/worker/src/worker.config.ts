import { authEnv, oneKeySource } from '@fourfold/auth';
import { cacheEnv } from '@fourfold/cache';
import { databaseEnv } from '@fourfold/db-routing';
import { parseEnv } from '@fourfold/kernel';
import { serviceEnv } from '@fourfold/observability';
import { queueEnv } from '@fourfold/queue';
import { shardUrlsSchema } from '@fourfold/sharding';
import { notificationsEnv } from '@shop/notifications';
import { z } from 'zod';

const schema = z
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

/** Read once; nothing else looks at the environment. */
export const config: z.output<typeof schema> = parseEnv('worker', schema, process.env);
