import { CaptureLog } from '../fence/capture.log.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import type { MoveBatch } from './migration-plan.js';
import type { MigrationState } from './migration-state.js';
import type { MigrationTask } from './task.store.js';

/** For an operator who waits for the answer. */
const DEADLINE_MS = 1_000;

const DONORS = ({ donor }: MoveBatch) => [donor];
const RECEIVERS = ({ receiver }: MoveBatch) => [receiver];
const BOTH = ({ donor, receiver }: MoveBatch) => [donor, receiver];

/** Whose writes of moving slots are captured. */
const CAPTURED: Partial<Record<MigrationState, (batch: MoveBatch) => string[]>> = {
  capture: DONORS,
  copy: DONORS,
  'catch-up': DONORS,
  verify: DONORS,
  frozen: BOTH,
  'handed-off': BOTH,
  reverse: RECEIVERS,
  purging: RECEIVERS,
  'rolling-back': BOTH,
  aborting: BOTH,
};

/** How many captured writes of each shard have not been carried over; null for a shard that does not answer. */
export async function logEntriesOf(
  registry: ShardRegistry,
  shards: Iterable<string>,
  deadlineMs?: number,
): Promise<Map<string, number | null>> {
  const log = new CaptureLog(registry);
  const entries = async (shard: string): Promise<[string, number | null]> => {
    try {
      return [shard, await log.backlog(shard, undefined, deadlineMs)];
    } catch (error) {
      // Its breaker and its errors show that it is away.
      if (error instanceof ShardUnavailableError) return [shard, null];
      throw error;
    }
  };
  return new Map(await Promise.all(Array.from(shards, entries)));
}

/** Of all shards that capture writes of the migration; null while one of them does not answer. */
export async function logBacklogOf(
  registry: ShardRegistry,
  { state, plan }: MigrationTask,
): Promise<number | null> {
  const shards = new Set(plan.batches.flatMap(CAPTURED[state] ?? (() => [])));
  const counts = [...(await logEntriesOf(registry, shards, DEADLINE_MS)).values()];
  return counts.reduce((sum, count) => (sum === null || count === null ? null : sum + count), 0);
}
