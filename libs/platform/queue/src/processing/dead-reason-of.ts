import type { DeadReason } from '../dead-reason.js';
import { ChildDiedError, HardLimitError, InvalidPayloadError, UnrecoverableJobError } from '../job.errors.js';

const atOnce: readonly [new (...args: never[]) => Error, DeadReason][] = [
  [UnrecoverableJobError, 'unrecoverable'],
  [InvalidPayloadError, 'invalid-payload'],
  [HardLimitError, 'timeout'],
];

/**
 * Whether a failed attempt was the last, and why.
 * @param attempt from 1
 * @returns `undefined` when the job is tried again
 */
export function deadReasonOf(error: Error, attempt: number, attempts: number): DeadReason | undefined {
  for (const [type, reason] of atOnce) if (error instanceof type) return reason;
  if (attempt < attempts) return undefined;
  // It takes its process with it: as one that takes its worker, it is not tried again by itself.
  return error instanceof ChildDiedError ? 'stalled' : 'attempts';
}
