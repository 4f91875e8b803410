import type { BullRootModuleOptions } from '@nestjs/bull';
import { type BackOff, equalJitterBackOff } from '@fourfold/kernel';
import { BLOCK_SECONDS, type QueueConnections } from './queue.connections.js';

/**
 * The name under which every queue knows the strategy: Bull leaves a job active for ever when it is missing. Jobs that an
 * earlier release has queued carry it.
 */
const BACK_OFF_STRATEGY = 'full-jitter';

/** `JobLock` renews locks instead: Bull's timer is set as late as a timer can be. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Bull's settings where the defaults lose jobs: no retry limit on commands of a worker that waits for Redis to come
 * back, and a stall bound that a few deploys in a row don't reach.
 */
export function bullSettings(
  connections: QueueConnections,
  prefix: string,
  lockMs: number,
): BullRootModuleOptions {
  return {
    prefix,
    createClient: connections.createClient,
    settings: {
      lockDuration: lockMs,
      lockRenewTime: NEVER_MS,
      // A crashed worker's job is taken over after at most lockDuration + 2 × stalledInterval.
      stalledInterval: lockMs / 2,
      // After an error of Redis, until the next job is fetched.
      retryProcessDelay: 1_000,
      maxStalledCount: 4,
      drainDelay: BLOCK_SECONDS,
      backoffStrategies: {
        [BACK_OFF_STRATEGY]: (attemptsMade: number, _error: unknown, backOff: BackOff) =>
          equalJitterBackOff(attemptsMade, backOff),
      },
    },
  };
}
