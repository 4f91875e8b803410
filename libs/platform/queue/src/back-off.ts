export interface BackOff {
  /** Milliseconds; the first wait is below twice this. */
  readonly baseMs: number;
  /** No wait is longer, in milliseconds. */
  readonly capMs: number;
}

/**
 * Exponential back-off with full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015): retries of
 * jobs that failed together don't come back together.
 * @param attemptsMade failed attempts so far, from 1
 * @returns milliseconds to wait, a whole number in [0, min(capMs, baseMs × 2^attemptsMade))
 */
export function fullJitterBackOff(
  attemptsMade: number,
  { baseMs, capMs }: BackOff,
  random: () => number = Math.random,
): number {
  return Math.floor(random() * Math.min(capMs, baseMs * 2 ** attemptsMade));
}

/** The name under which every queue knows the strategy: Bull leaves a job active for ever when it is missing. */
export const FULL_JITTER = 'full-jitter';
