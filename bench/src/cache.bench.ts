import { Logger } from '@nestjs/common';
import type { BenchOptions } from './bench-options.js';
import type { BenchRedis } from './bench-servers.js';
import { benchL1Hit } from './cache-l1-hit.js';
import { benchL2Hit } from './cache-l2-hit.js';
import { benchLoaderRuns } from './cache-loader-runs.js';

/** Hits and cold keys, ours beside the peers. Resolves with whether every bound holds. */
export async function benchCache({ redisUrl }: BenchRedis, options: BenchOptions): Promise<boolean> {
  // Each turn connects anew, which is no news here; a Redis that goes away fails the bench.
  Logger.overrideLogger(['error', 'fatal']);
  const loadsOnce = await benchLoaderRuns(redisUrl, options);
  const l1Holds = await benchL1Hit(redisUrl, options);
  const l2Holds = await benchL2Hit(redisUrl, options);
  return loadsOnce && l1Holds && l2Holds;
}
