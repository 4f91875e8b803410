import { z } from 'zod';

/** The environment variables of the cache, to be spread into an app's own schema. */
export const cacheEnv = {
  CACHE_REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a URL like redis://host:6379' }),
  CACHE_PREFIX: z.string().min(1).default('fourfold'),
};
