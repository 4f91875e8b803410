export interface BackOff {
  /** Milliseconds; the first wait is between this and twice this. */
  readonly baseMs: number;
  /** No wait is longer, in milliseconds. */
  readonly capMs: number;
}

/**
 * Exponential back-off with equal jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015): what failed
 * together is not retried together. The fixed half keeps a row of low draws from becoming a hot loop, which full jitter allows.
 * @param failures one after the other, from 1
 * @returns milliseconds to wait: a whole number in [half, half × 2), where half × 2 is min(capMs, baseMs × 2^failures)
 */
export function equalJitterBackOff(
  failures: number,
  { baseMs, capMs }: BackOff,
  random: () => number = Math.random,
): number {
  const half = Math.min(capMs, baseMs * 2 ** failures) / 2;
  return Math.floor(half + random() * half);
}
