import { percentile, type Sample } from '@fourfold-tools/testing';

/** How many times slower calls for other shards may be while one is down. */
export const SLOWDOWN = 1.5;
/** How long a call for a shard that is down may take. */
export const AFFECTED_MS = 300;

/** What one shard's outages cost, several of one run taken together. */
export interface OutageFigures {
  /** Calls for other shards while all is well. */
  readonly before: readonly Sample[];
  /**
   * Those in the moment at which a server of the same kind is killed that no call uses. Empty without such a control.
   */
  readonly atControl: readonly Sample[];
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

/**
 * How many times slower calls for other shards are while one is down, and in the moment of failure. That moment is
 * compared with the end of any such server on this machine where that was measured: the kernel is busy for some 30 ms
 * with what a database leaves behind, which is not what an outage costs where each has a machine of its own.
 */
export function slowdownOf(figures: OutageFigures): { during: number; atBreak: number } {
  const { before, atControl, during, atBreak } = figures;
  const usual = p99(before);
  return { during: p99(during) / usual, atBreak: p99(atBreak) / Math.max(usual, p99(atControl)) };
}

export function slowestOf({ affected }: OutageFigures): number {
  return affected.reduce((slowest, { tookMs }) => Math.max(slowest, tookMs), 0);
}

/** For the log of a run. */
export function summaryOf(figures: OutageFigures): Record<string, string> {
  const { before, atControl, during, atBreak, affected } = figures;
  const slowdown = slowdownOf(figures);
  return {
    before: `p99 ${p99(before).toFixed(1)} ms of ${before.length}`,
    atControl: `p99 ${p99(atControl).toFixed(1)} ms of ${atControl.length}`,
    during: `p99 ${p99(during).toFixed(1)} ms of ${during.length}, ${slowdown.during.toFixed(2)} times`,
    atBreak: `p99 ${p99(atBreak).toFixed(1)} ms of ${atBreak.length}, ${slowdown.atBreak.toFixed(2)} times`,
    affected: `slowest ${slowestOf(figures).toFixed(1)} ms of ${affected.length}`,
  };
}
