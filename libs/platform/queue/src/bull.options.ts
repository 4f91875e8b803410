import type { BullRootModuleOptions } from '@nestjs/bull';
import { type BackOff, FULL_JITTER, fullJitterBackOff } from './back-off.js';
import type { QueueConnections } from './queue.connections.js';

/** A crashed worker's job is taken over after at most lockDuration + 2 × stalledInterval: 20 s. */
const LOCK_MS = 10_000;
const STALLED_INTERVAL_MS = 5_000;

/**
 * Bull's settings where the defaults lose jobs: no retry limit on commands of a worker that waits for Redis to come
 * back, and a stall bound that a few deploys in a row don't reach.
 */
export function bullOptions(connections: QueueConnections, prefix: string): BullRootModuleOptions {
  return {
    prefix,
    createClient: connections.createClient,
    settings: {
      lockDuration: LOCK_MS,
      lockRenewTime: LOCK_MS / 4,
      stalledInterval: STALLED_INTERVAL_MS,
      maxStalledCount: 4,
      backoffStrategies: {
        [FULL_JITTER]: (attemptsMade: number, _error: unknown, backOff: BackOff) =>
          fullJitterBackOff(attemptsMade, backOff),
      },
    },
  };
}
