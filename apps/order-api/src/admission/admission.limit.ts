/** How long an accepted request should take at the most, and between what the limit of requests in hand moves. */
export interface AdmissionOptions {
  /** Milliseconds that nine of ten requests of each priority should be answered within; while they take longer, the limit falls. */
  readonly targetMs: number;
  /** The limit never falls below it. */
  readonly least: number;
  /** The limit of a process that has not been busy yet. */
  readonly first: number;
  readonly most: number;
}

/** What is refused last comes first. */
export const priorities = ['write', 'read', 'list'] as const;
export type Priority = (typeof priorities)[number];

/** The part of the limit up to which requests of a priority are accepted. */
const SHARE: Readonly<Record<Priority, number>> = { write: 1, read: 0.85, list: 0.7 };
/** What each priority may have in hand whatever the others have: requests that hang must not shut out those of another kind. */
const OWN: Readonly<Record<Priority, number>> = { write: 8, read: 4, list: 2 };

/** Of a limit that was too high. */
const DECREASE = 0.8;
/** Of a limit that was reached, and under which requests were quick enough. */
const INCREASE = 1.05;
/** A limit that is used less than this did not limit anything: how quick requests were says nothing of it. */
const USED = 0.8;
/** Of a limit that is used by less than half: what was right for requests of an hour ago may be too much for those that come now. One below its start grows as slowly. */
const DECAY = 0.98;
/** Windows after a decrease in which the limit stays: requests accepted before it still end, and are slow. */
const SETTLING = 2;
const PERCENTILE = 0.9;
/** Requests of a priority that must have ended before what they took says anything: two slow ones among them don't. */
const SAMPLES = 20;
const LONGEST_RETRY_S = 10;

/** Of one priority. */
class Lane {
  inHand = 0;
  admitted = 0;
  shed = 0;
  /** Of the last window, the part that was refused. */
  shedShare = 0;
  private durations: number[] = [];

  leave(tookMs: number): void {
    this.inHand -= 1;
    this.durations.push(tookMs);
  }

  /** @returns what nine of ten took, in ms; undefined while too few have ended */
  endWindow(): number | undefined {
    const { admitted, shed, durations } = this;
    this.shedShare = shed === 0 ? 0 : shed / (admitted + shed);
    this.admitted = this.shed = 0;
    if (durations.length < SAMPLES) return undefined;
    this.durations = [];
    return durations.sort((a, b) => a - b)[Math.ceil(durations.length * PERCENTILE) - 1];
  }
}

/**
 * How many requests a process works on at once, found by additive increase and multiplicative decrease (as TCP does:
 * Chiu and Jain 1989; a limit that is not used decays: RFC 7661) on how long those take that were accepted. Beyond it
 * requests are refused at once, lists before reads before writes: so those that are accepted stay quick however many
 * come. Waiting before a request is accepted counts for nothing: refusals cause it too, and would keep the limit low.
 */
export class AdmissionLimit {
  private readonly lanes: Readonly<Record<Priority, Lane>> = {
    write: new Lane(),
    read: new Lane(),
    list: new Lane(),
  };
  private current: number;
  private mostInHand = 0;
  private settling = 0;
  inHand = 0;

  constructor(
    private readonly options: AdmissionOptions,
    private readonly random: () => number = Math.random,
  ) {
    this.current = options.first;
  }

  get limit(): number {
    return Math.floor(this.current);
  }

  get targetMs(): number {
    return this.options.targetMs;
  }

  /** @returns whether a request may be worked on; each that is told so calls `enter` before it is, and `leave` after */
  admits(priority: Priority): boolean {
    const lane = this.lanes[priority];
    const admitted = this.inHand < this.limit * SHARE[priority] || lane.inHand < OWN[priority];
    lane[admitted ? 'admitted' : 'shed'] += 1;
    return admitted;
  }

  enter(priority: Priority): void {
    this.inHand += 1;
    this.lanes[priority].inHand += 1;
    this.mostInHand = Math.max(this.mostInHand, this.inHand);
  }

  /** @param tookMs from `enter` on */
  leave(priority: Priority, tookMs: number): void {
    this.inHand -= 1;
    this.lanes[priority].leave(tookMs);
  }

  /** It is not worked on, and what it took says nothing. */
  setAside(priority: Priority): void {
    this.inHand -= 1;
    this.lanes[priority].inHand -= 1;
  }

  /** Ends a window, of a tenth of a second or so. */
  adapt(): void {
    const { targetMs, least, first, most } = this.options;
    const slowest = Math.max(...priorities.map((priority) => this.lanes[priority].endWindow() ?? 0));
    const isUsed = this.mostInHand >= this.limit * USED;
    if (this.settling > 0) this.settling -= 1;
    else if (slowest > targetMs) {
      // A few slow requests in a quiet process don't show that its first limit is too high for a busy one.
      this.current = Math.max(least, Math.min(this.current, Math.max(first, this.mostInHand)) * DECREASE);
      this.settling = SETTLING;
    } else if (isUsed) {
      if (slowest > 0) this.current = Math.min(most, Math.max(this.current + 1, this.current * INCREASE));
    } else if (this.current < first) this.current = Math.min(first, this.current / DECAY);
    else if (this.mostInHand < this.limit / 2 && this.current > first)
      this.current = Math.max(first, this.current * DECAY);
    this.mostInHand = this.inHand;
  }

  /** Seconds until a refused request may come again: more while more of its kind are refused, and not the same for all. */
  retryAfterSeconds(priority: Priority): number {
    const longest = 1 + this.lanes[priority].shedShare * (LONGEST_RETRY_S - 1);
    return Math.ceil(longest * (0.5 + this.random() / 2));
  }
}
