const BASE_MS = 1_000;
const CAP_MS = 600_000;

/**
 * Exponential back-off with full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015): retries of
 * jobs that failed together don't come back together.
 * @param attemptsMade failed attempts so far, from 1
 * @returns milliseconds to wait, a whole number in [0, min(600 s, 2^attemptsMade s))
 */
export function fullJitterBackOff(attemptsMade: number, random: () => number = Math.random): number {
  return Math.floor(random() * Math.min(CAP_MS, BASE_MS * 2 ** attemptsMade));
}

/** The name under which every queue knows the strategy: Bull leaves a job active for ever when it is missing. */
export const FULL_JITTER = 'full-jitter';
