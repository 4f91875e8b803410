import { CaptureLog } from '../fence/capture.log.js';
import { SLOT_COUNT } from '../ring/slot.js';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import type { MoveBatch } from './migration-plan.js';
import type { MigrationState } from './migration-state.js';
import type { MigrationTask } from './task.store.js';

/** For an operator who waits for the answer. */
const DEADLINE_MS = 1_000;
const ALL_SLOTS = { from: 0, to: SLOT_COUNT - 1 };

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

/** How many captured writes have not been carried over; null while one of the shards that capture them does not answer. */
export async function logBacklogOf(
  registry: ShardRegistry,
  { state, plan }: MigrationTask,
): Promise<number | null> {
  const shards = new Set(plan.batches.flatMap(CAPTURED[state] ?? (() => [])));
  const log = new CaptureLog(registry);
  try {
    const counts = await Promise.all(
      Array.from(shards, (shard) => log.backlog(shard, ALL_SLOTS, DEADLINE_MS)),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  } catch (error) {
    if (error instanceof ShardUnavailableError) return null;
    throw error;
  }
}
