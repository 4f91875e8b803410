import { redisUrlSchema } from '@fourfold/redis';
import { z } from 'zod';

/** The environment variables of the cache, to be spread into an app's own schema. */
export const cacheEnv = {
  CACHE_REDIS_URL: redisUrlSchema,
  CACHE_PREFIX: z.string().min(1).default('fourfold'),
};
