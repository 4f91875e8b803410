import type { BullRootModuleOptions } from '@nestjs/bull';
import { Redis, type RedisOptions } from 'ioredis';
import { FULL_JITTER, fullJitterBackOff } from './back-off.js';

/** A crashed worker's job is taken over after at most lockDuration + 2 × stalledInterval: 20 s. */
const LOCK_MS = 10_000;
const STALLED_INTERVAL_MS = 5_000;

/**
 * Bull's settings where the defaults lose jobs: no retry limit on commands of a worker that waits for Redis to come
 * back, and a stall bound that a few deploys in a row don't reach.
 */
export function bullOptions(redisUrl: string, prefix: string): BullRootModuleOptions {
  const common: RedisOptions = {
    maxRetriesPerRequest: null,
    enableReadyCheck: false,
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  };
  let client: Redis | undefined;
  let subscriber: Redis | undefined;
  return {
    prefix,
    // One client and one subscriber serve every queue; a blocking client can't be shared.
    createClient: (type) => {
      if (type === 'client') return (client ??= new Redis(redisUrl, common));
      if (type === 'subscriber') return (subscriber ??= new Redis(redisUrl, common));
      return new Redis(redisUrl, common);
    },
    settings: {
      lockDuration: LOCK_MS,
      lockRenewTime: LOCK_MS / 4,
      stalledInterval: STALLED_INTERVAL_MS,
      maxStalledCount: 4,
      backoffStrategies: { [FULL_JITTER]: (attemptsMade: number) => fullJitterBackOff(attemptsMade) },
    },
  };
}
