import { HEALTH_DEFAULTS, type HealthOptions, LAG_DEFAULTS, type LagOptions } from '../db-routing.options.js';

const LEAST_WEIGHT = 0.1;

export const replicaStates = ['healthy', 'suspect', 'ejected', 'probing', 'slow-start'] as const;
export type ReplicaState = (typeof replicaStates)[number];

/** Why a replica is out of the rotation. */
export const ejectionReasons = ['unreachable', 'lagging'] as const;
export type EjectionReason = (typeof ejectionReasons)[number];

/** What one probe saw: the lag, or what was wrong. */
export type ProbeResult = { lagMs: number } | { failed: string };

export interface HealthTransition {
  from: ReplicaState;
  to: ReplicaState;
  /** In words. */
  why: string;
}

/**
 * States of a replica:
 *
 *     healthy    --(a probe fails)-------------------------------> suspect      read only if nothing better is there
 *     suspect    --(a probe is good)-----------------------------> what it was before
 *     suspect    --(3 probes failed in a row)--------------------> ejected
 *     any state  --(lag > 5 s)-----------------------------------> ejected
 *     ejected for its lag --(3 probes failed in a row)-----------> ejected      as unreachable
 *     ejected    --(2 good probes in a row, lag <= 2 s)----------> probing      one trial connection, no reads
 *     probing    --(the trial fails, or a probe does)------------> ejected
 *     probing    --(others have all its connections)-----------> probing      the next probe tries again
 *     probing    --(the trial succeeds)--------------------------> slow-start   its weight grows from 10% to 100%
 *     slow-start --(10 s)----------------------------------------> healthy
 *
 * A new replica starts ejected and earns its place; the first time it skips the slow start, for all start together.
 */
export class ReplicaHealth {
  private current: ReplicaState = 'ejected';
  private beforeSuspicion: 'healthy' | 'slow-start' = 'healthy';
  private ejectedFor: EjectionReason = 'unreachable';
  private served = false;
  private slowStartSinceMs = 0;
  private failures = 0;
  private successes = 0;
  private newestSequence = -1;
  private lastLagMs: number | undefined;

  constructor(
    private readonly lag: LagOptions = LAG_DEFAULTS,
    private readonly options: Pick<
      HealthOptions,
      'slowStartMs' | 'ejectAfterFailures' | 'readmitAfterSuccesses'
    > = HEALTH_DEFAULTS,
  ) {}

  get state(): ReplicaState {
    return this.current;
  }

  get inRotation(): boolean {
    return this.current !== 'ejected' && this.current !== 'probing';
  }

  get suspect(): boolean {
    return this.current === 'suspect';
  }

  /** Out for its lag alone, which is known and can still be borne by those who do not mind. */
  get usableWhenForced(): boolean {
    const merelyLate = !this.inRotation && this.ejectedFor === 'lagging' && this.failures === 0;
    return merelyLate && (this.lastLagMs ?? Infinity) <= this.lag.unusableMs;
  }

  /** Milliseconds behind at the last probe that answered. */
  get lagMs(): number | undefined {
    return this.lastLagMs;
  }

  /** The same, and undefined while it does not answer: its lag is unknown then. */
  get currentLagMs(): number | undefined {
    return this.failures === 0 ? this.lastLagMs : undefined;
  }

  get ejectionReason(): EjectionReason {
    return this.ejectedFor;
  }

  /** The part of its full weight that it carries now, in (0, 1]. */
  weight(nowMs: number): number {
    const slow = this.current === 'slow-start' || (this.suspect && this.beforeSuspicion === 'slow-start');
    if (!slow) return 1;
    return Math.min(1, Math.max(LEAST_WEIGHT, (nowMs - this.slowStartSinceMs) / this.options.slowStartMs));
  }

  /**
   * @param sequence grows with each probe that is begun: a result that another one has overtaken says nothing any more
   */
  record(result: ProbeResult, sequence: number, nowMs: number): HealthTransition | undefined {
    if (sequence <= this.newestSequence) return undefined;
    this.newestSequence = sequence;
    return 'failed' in result ? this.recordFailure(result.failed) : this.recordLag(result.lagMs, nowMs);
  }

  /** The outcome of the trial connection that `probing` is for. */
  recordTrial(error: Error | undefined, nowMs: number): HealthTransition | undefined {
    if (this.current !== 'probing') return undefined;
    this.successes = 0;
    if (error) return this.eject('unreachable', `the trial connection failed: ${error.message}`);
    this.slowStartSinceMs = nowMs;
    const next = this.served ? 'slow-start' : 'healthy';
    this.served = true;
    return this.become(next, 'the trial connection answered');
  }

  private recordFailure(what: string): HealthTransition | undefined {
    this.successes = 0;
    this.failures += 1;
    if (this.current === 'ejected') {
      // It was out for its lag alone, and reads that it had may still be running: those have to be told.
      const worse = this.ejectedFor === 'lagging' && this.failures >= this.options.ejectAfterFailures;
      return worse ? this.eject('unreachable', what) : undefined;
    }
    if (this.current === 'probing' || this.failures >= this.options.ejectAfterFailures) {
      return this.eject('unreachable', what);
    }
    if (this.current === 'suspect') return undefined;
    this.beforeSuspicion = this.current;
    return this.become('suspect', what);
  }

  private recordLag(lagMs: number, nowMs: number): HealthTransition | undefined {
    this.failures = 0;
    this.lastLagMs = lagMs;
    this.successes = lagMs <= this.lag.readmitMs ? this.successes + 1 : 0;
    if (lagMs > this.lag.ejectMs) {
      if (this.current !== 'ejected') return this.eject('lagging', `it is ${Math.round(lagMs)} ms behind`);
      this.ejectedFor = 'lagging';
      return undefined;
    }
    switch (this.current) {
      case 'suspect':
        return this.become(this.beforeSuspicion, 'it answers again');
      case 'slow-start':
        return nowMs - this.slowStartSinceMs >= this.options.slowStartMs
          ? this.become('healthy', 'its slow start is over')
          : undefined;
      case 'ejected':
        return this.successes >= this.options.readmitAfterSuccesses
          ? this.become('probing', `it is ${Math.round(lagMs)} ms behind and answers`)
          : undefined;
      default:
        return undefined;
    }
  }

  private eject(reason: EjectionReason, why: string): HealthTransition {
    this.ejectedFor = reason;
    this.successes = 0;
    return this.become('ejected', why);
  }

  private become(to: ReplicaState, why: string): HealthTransition {
    const from = this.current;
    this.current = to;
    return { from, to, why };
  }
}
