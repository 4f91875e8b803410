import { z } from 'zod';

/** The environment variables of the queue, to be spread into an app's own schema. */
export const queueEnv = {
  QUEUE_REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a URL like redis://host:6379' }),
  QUEUE_PREFIX: z.string().min(1).default('{fourfold}'),
};
