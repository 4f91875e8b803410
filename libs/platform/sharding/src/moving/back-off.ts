/**
 * How long to wait before the next attempt, in ms: twice as long after each failure, up to a bound, and by chance up to a
 * half shorter, so that it falls in with nothing periodic.
 * @param failures one after the other, at least 1
 * @param random at least 0 and below 1
 */
export function backOffMs(
  failures: number,
  { retryMs, mostRetryMs }: { retryMs: number; mostRetryMs: number },
  random: () => number = Math.random,
): number {
  const longest = Math.min(retryMs * 2 ** (failures - 1), mostRetryMs);
  return longest * (1 - random() / 2);
}
