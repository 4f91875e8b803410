/** ±10% around `ttlMs`, in whole milliseconds and at least 1, so that keys stored together do not expire together. */
export function jitteredTtlMs(ttlMs: number, random: () => number): number {
  return Math.max(1, Math.round(ttlMs * (0.9 + 0.2 * random())));
}
