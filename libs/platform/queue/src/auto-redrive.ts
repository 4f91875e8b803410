import type { DeadReason } from './dead-reason.js';

/** How often, and after how long, a message that ran out of attempts is redelivered automatically. */
export interface AutoRedrive {
  /** 0: an operator is needed at once. */
  readonly times: number;
  /** Before the first time; each further wait is twice as long. Milliseconds. */
  readonly firstAfterMs: number;
  /** No wait is longer. Milliseconds. */
  readonly capMs: number;
}

/** Waits of 1, 2, 4, 8, 16 and 30 minutes: an outage of an hour heals by itself, and what never succeeds ends. */
export const DEFAULT_AUTO_REDRIVE: AutoRedrive = { times: 6, firstAfterMs: 60_000, capMs: 1_800_000 };

export const NO_AUTO_REDRIVE: AutoRedrive = { ...DEFAULT_AUTO_REDRIVE, times: 0 };

/**
 * Only a message that ran out of attempts: its dependency may be back. The other reasons lie in the message, or have cost
 * a worker already.
 * @param redrives how often this message was redelivered automatically before
 * @returns milliseconds to wait, or null when an operator has to decide
 */
export function autoRedriveAfterMs(
  { times, firstAfterMs, capMs }: AutoRedrive,
  reason: DeadReason,
  redrives: number,
): number | null {
  if (reason !== 'attempts' || redrives >= times) return null;
  return Math.min(capMs, firstAfterMs * 2 ** redrives);
}
