import { percentile, type Sample } from '@fourfold-tools/testing';

/** How many times slower calls for other shards may be while one is down. */
export const SLOWDOWN = 1.5;
/** How long a call for a shard that is down may take. */
export const AFFECTED_MS = 300;

/** What one shard's outages cost, several of one run taken together. */
export interface OutageFigures {
  /** Calls for other shards while all is well. */
  readonly before: readonly Sample[];
  /** Those while one shard is down, from the moment on at which it breaks. */
  readonly during: readonly Sample[];
  /** Those of `during` that began in the moment of failure. */
  readonly atBreak: readonly Sample[];
  /** Calls for other shards that failed, at any time of the run. */
  readonly failed: readonly Sample[];
  /** Calls for the shard that goes down, from when they have to be fast on; without what the caller itself stood still. */
  readonly affected: readonly Sample[];
}

const p99 = (samples: readonly Sample[]) => percentile(samples, 0.99);

/** How many times slower calls for other shards are while one is down, and in the moment of failure. */
export function slowdownOf({ before, during, atBreak }: OutageFigures): { during: number; atBreak: number } {
  return { during: p99(during) / p99(before), atBreak: p99(atBreak) / p99(before) };
}

export function slowestOf({ affected }: OutageFigures): number {
  return affected.reduce((slowest, { tookMs }) => Math.max(slowest, tookMs), 0);
}

/** For the log of a run. */
export function summaryOf(figures: OutageFigures): Record<string, string> {
  const { before, during, atBreak, affected } = figures;
  const slowdown = slowdownOf(figures);
  return {
    before: `p99 ${p99(before).toFixed(1)} ms of ${before.length}`,
    during: `p99 ${p99(during).toFixed(1)} ms of ${during.length}, ${slowdown.during.toFixed(2)} times`,
    atBreak: `p99 ${p99(atBreak).toFixed(1)} ms of ${atBreak.length}, ${slowdown.atBreak.toFixed(2)} times`,
    affected: `slowest ${slowestOf(figures).toFixed(1)} ms of ${affected.length}`,
  };
}
