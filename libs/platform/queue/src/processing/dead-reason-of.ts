import type { DeadReason } from '../dead-reason.js';
import { HardLimitError, InvalidPayloadError, UnrecoverableJobError } from '../job.errors.js';

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
  return attempt >= attempts ? 'attempts' : undefined;
}
