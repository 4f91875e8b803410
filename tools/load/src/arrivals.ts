import type { Call, DueCall } from './call.js';

export interface Pace {
  readonly perSecond: number;
  readonly seconds: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

/**
 * Calls of users who know nothing of each other: a Poisson process, so that some come together and some far apart. The
 * times are fixed beforehand; how fast the platform answers changes none of them.
 */
export function* arrivals({ perSecond, seconds, random }: Pace, next: () => Call): Generator<DueCall> {
  const endMs = seconds * 1_000;
  let atMs = gapMs(perSecond, random);
  while (atMs < endMs) {
    yield { atMs, call: next() };
    atMs += gapMs(perSecond, random);
  }
}

/** Exponential, by inversion. */
function gapMs(perSecond: number, random: () => number): number {
  return (-Math.log(1 - random()) * 1_000) / perSecond;
}
