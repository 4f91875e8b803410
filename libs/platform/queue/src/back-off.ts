export interface BackOff {
  /** Milliseconds; the first wait is between this and twice this. */
  readonly baseMs: number;
  /** No wait is longer, in milliseconds. */
  readonly capMs: number;
}

/**
 * Exponential back-off with equal jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015): retries of jobs
 * that failed together don't come back together, and no draw spends all attempts within the first second.
 * @param attemptsMade failed attempts so far, from 1
 * @returns milliseconds to wait: a whole number in [half, half × 2), where half × 2 is min(capMs, baseMs × 2^attemptsMade)
 */
export function equalJitterBackOff(
  attemptsMade: number,
  { baseMs, capMs }: BackOff,
  random: () => number = Math.random,
): number {
  const half = Math.min(capMs, baseMs * 2 ** attemptsMade) / 2;
  return Math.floor(half + random() * half);
}

/**
 * The name under which every queue knows the strategy: Bull leaves a job active for ever when it is missing. Jobs that an
 * earlier release has queued carry it.
 */
export const BACK_OFF_STRATEGY = 'full-jitter';
