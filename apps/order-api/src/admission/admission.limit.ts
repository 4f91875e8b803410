/** How long an accepted request should take at the most, and how many requests may be in hand whatever they take. */
export interface AdmissionOptions {
  /** Milliseconds that nine of ten requests should be answered within; the limit falls when they take longer. */
  readonly targetMs: number;
  /** The limit never falls below it: what waits for one dependency that hangs must not shut the others out. */
  readonly least: number;
  readonly most: number;
}

/** What is refused last comes first. */
export type Priority = 'write' | 'read' | 'list';

/** The part of the limit up to which requests of a priority are accepted. */
const SHARE: Readonly<Record<Priority, number>> = { write: 1, read: 0.85, list: 0.7 };

/** Of a limit that was too high. */
const DECREASE = 0.8;
/** Of a limit that was reached, and under which requests were quick enough. */
const INCREASE = 1.05;
/** A limit that is used less than this did not limit anything: how quick requests were says nothing of it. */
const USED = 0.8;
/** Windows after a decrease in which the limit stays: requests accepted before it still end, and are slow. */
const SETTLING = 2;
const PERCENTILE = 0.9;
const LONGEST_RETRY_S = 10;

/**
 * How many requests a process works on at once, found by additive increase and multiplicative decrease (as TCP does,
 * Chiu and Jain 1989) on how long requests take and how late the event loop is. Beyond it requests are refused at once,
 * lists before reads before writes: so those that are accepted stay quick however many come.
 */
export class AdmissionLimit {
  private current: number;
  private durations: number[] = [];
  private mostInHand = 0;
  private settling = 0;
  private window = { admitted: 0, shed: 0 };
  /** Of the last window, the part of requests that was refused. */
  private shedShare = 0;
  inHand = 0;

  constructor(
    private readonly options: AdmissionOptions,
    private readonly random: () => number = Math.random,
  ) {
    this.current = options.most;
  }

  get limit(): number {
    return Math.floor(this.current);
  }

  /** @returns whether a request may be worked on; each that is told so calls `enter` before it is, and `leave` after */
  admits(priority: Priority): boolean {
    const admitted = this.inHand < this.limit * SHARE[priority];
    this.window[admitted ? 'admitted' : 'shed'] += 1;
    return admitted;
  }

  enter(): void {
    this.inHand += 1;
    this.mostInHand = Math.max(this.mostInHand, this.inHand);
  }

  /** @param tookMs from `enter` on */
  leave(tookMs: number): void {
    this.inHand -= 1;
    this.durations.push(tookMs);
  }

  /**
   * Ends a window, of a tenth of a second or so.
   * @param loopDelayMs how late the event loop was in it: what waits to be read takes no time of any request yet
   */
  adapt(loopDelayMs: number): void {
    const { targetMs, least, most } = this.options;
    const slowest = Math.max(percentile(this.durations, PERCENTILE), loopDelayMs);
    if (this.settling > 0) this.settling -= 1;
    else if (slowest > targetMs) {
      // Never from more than there was: the limit of an idle process is high.
      this.current = Math.max(least, Math.min(this.current, this.mostInHand) * DECREASE);
      this.settling = SETTLING;
    } else if (this.durations.length > 0 && this.mostInHand >= this.limit * USED)
      this.current = Math.min(most, Math.max(this.current + 1, this.current * INCREASE));
    const { admitted, shed } = this.window;
    this.shedShare = shed === 0 ? 0 : shed / (admitted + shed);
    this.window = { admitted: 0, shed: 0 };
    this.durations = [];
    this.mostInHand = this.inHand;
  }

  /** Seconds until a refused request may come again: more while more are refused, and not the same for all. */
  retryAfterSeconds(): number {
    const longest = 1 + this.shedShare * (LONGEST_RETRY_S - 1);
    return Math.ceil(longest * (0.5 + this.random() / 2));
  }
}

function percentile(values: number[], share: number): number {
  if (values.length === 0) return 0;
  return values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
}
