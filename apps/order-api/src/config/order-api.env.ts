import { authEnv, oneKeySource } from '@fourfold/auth';
import { cacheEnv } from '@fourfold/cache';
import { consistencyEnv, databaseEnv } from '@fourfold/db-routing';
import { portVariable, serviceEnv } from '@fourfold/observability';
import { queueEnv } from '@fourfold/queue';
import { shardUrlsSchema } from '@fourfold/sharding';
import { z } from 'zod';
import { apiRole } from './api-role.js';

/** What order-api reads from its environment. */
export const orderApiEnv = z
  .object({
    ...serviceEnv,
    ...databaseEnv,
    ...consistencyEnv,
    ...cacheEnv,
    ...queueEnv,
    PORT: portVariable,
    API_ROLE: apiRole.default('all'),
    /** Whether `/docs` and `/openapi.json` are there. */
    DOCS_ENABLED: z
      .enum(['true', 'false'])
      .default('true')
      .transform((text) => text === 'true'),
    SHARD_URLS: shardUrlsSchema,
    ...authEnv,
  })
  .refine(...oneKeySource);
