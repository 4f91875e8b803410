import { redisUrlSchema } from '@fourfold/redis';
import { z } from 'zod';

/** The environment variables of the queue, to be spread into an app's own schema. */
export const queueEnv = {
  QUEUE_REDIS_URL: redisUrlSchema,
  QUEUE_PREFIX: z.string().min(1).default('{fourfold}'),
  QUEUE_KEEP_DEAD_LETTERS_DAYS: z.coerce.number().int().min(1).default(90),
};
