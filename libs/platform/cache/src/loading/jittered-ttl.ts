/** `jitter` (0.1: 10%) up or down around `ttlMs`, whole and at least 1, so that keys stored together do not end together. */
export function jitteredTtlMs(ttlMs: number, jitter: number, random: () => number): number {
  return Math.max(1, Math.round(ttlMs * (1 - jitter + 2 * jitter * random())));
}
