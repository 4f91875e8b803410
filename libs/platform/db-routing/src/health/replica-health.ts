export interface LagThresholds {
  /** A replica further behind than this leaves the rotation. */
  ejectMs: number;
  /** …and comes back at this or less: apart, so that a replica at the edge does not flap. */
  readmitMs: number;
}

export const LAG_THRESHOLDS: LagThresholds = { ejectMs: 5_000, readmitMs: 2_000 };
const EJECT_AFTER_FAILURES = 3;
const READMIT_AFTER_SUCCESSES = 2;

/** What one probe saw: the lag, or that the replica did not answer properly. */
export type ProbeResult = { lagMs: number } | { failed: true };

/**
 * States of a replica:
 *
 *     healthy --(3 probes failed in a row, or lag > 5 s)--> ejected
 *     ejected --(2 good probes in a row, lag <= 2 s)------> healthy
 *
 * A new replica starts ejected: it earns its place by two good probes.
 */
export class ReplicaHealth {
  private inRotationNow = false;
  private failures = 0;
  private successes = 0;
  private lastLagMs: number | undefined;

  constructor(private readonly lag: LagThresholds = LAG_THRESHOLDS) {}

  get inRotation(): boolean {
    return this.inRotationNow;
  }

  /** Milliseconds behind at the last probe that answered. */
  get lagMs(): number | undefined {
    return this.lastLagMs;
  }

  /** @returns whether the replica entered or left the rotation. */
  record(result: ProbeResult): boolean {
    const before = this.inRotationNow;
    if ('failed' in result) {
      this.successes = 0;
      this.failures += 1;
      if (this.failures >= EJECT_AFTER_FAILURES) this.inRotationNow = false;
    } else {
      this.failures = 0;
      this.lastLagMs = result.lagMs;
      this.successes = result.lagMs <= this.lag.readmitMs ? this.successes + 1 : 0;
      if (result.lagMs > this.lag.ejectMs) this.inRotationNow = false;
      else if (this.successes >= READMIT_AFTER_SUCCESSES) this.inRotationNow = true;
    }
    return this.inRotationNow !== before;
  }
}
