import { RateCount } from './rate.count.js';

/** A limit: at most `most` units of a key in each window of time. */
export interface Allowance {
  readonly name: string;
  readonly most: number;
  readonly windowMs: number;
  /** Keys of one window that are counted each for itself; without it there is no bound. */
  readonly mostKeys?: number;
  /** Is told of each request of a key beyond those, which is allowed; without it these keys share one count. */
  readonly uncounted?: () => void;
}

export interface Standing {
  readonly isAllowed: boolean;
  readonly remaining: number;
  /** Until the next window begins; for a refused request, until it would be allowed if no more is counted meanwhile. */
  readonly resetSeconds: number;
}

const OTHERS = '';

/**
 * Counts of many keys in windows that begin at multiples of their length, of which the last one still counts by the part
 * that lies less than a window back (a sliding window of two counters: Cloudflare, "Counting things, a lot of different
 * things", 2017). Asks no other process: what others count is added by an exchange now and then.
 */
export class RateWindow {
  /** Number of the window since 1970. */
  private index = 0;
  private current = new Map<string, RateCount>();
  private previous = new Map<string, RateCount>();
  private readonly dirty = new Set<RateCount>();

  constructor(
    readonly allowance: Allowance,
    private readonly now: () => number = Date.now,
  ) {}

  /** Counts `cost` where it is allowed; what is refused counts for nothing. @param cost 0 only looks */
  take(key: string, cost: number): Standing {
    const standing = this.look(key, cost);
    if (!standing.isAllowed || cost === 0) return standing;
    this.spend(key, cost);
    return { ...standing, remaining: standing.remaining - cost };
  }

  /** @param again what the same request costs when it is sent again, where that is more */
  look(key: string, cost: number, again: number = cost): Standing {
    const { most, windowMs } = this.allowance;
    const passedMs = this.move();
    const own = this.keyOf(key);
    const used = (own !== undefined && this.current.get(own)?.used) || 0;
    const before = (own !== undefined && this.previous.get(own)?.used) || 0;
    const left = most - used - Math.floor((before * (windowMs - passedMs)) / windowMs);
    const isAllowed = Math.max(cost, 1) <= left;
    const waitMs = isAllowed ? windowMs - passedMs : this.waitMs(Math.max(again, 1), used, before, passedMs);
    return {
      isAllowed,
      remaining: Math.max(0, left),
      resetSeconds: Math.max(1, Math.ceil(waitMs / 1_000)),
    };
  }

  /** Counts, whatever is left. */
  spend(key: string, cost: number): void {
    const count = this.countOf(key);
    if (!count) return;
    count.own += cost;
    this.dirty.add(count);
  }

  /**
   * Holds `cost` until it is known whether it was spent; other processes hear of what was.
   * @returns to be called once, with whether it was
   */
  reserve(key: string, cost: number): (isSpent: boolean) => void {
    const count = this.countOf(key);
    if (!count) return () => {};
    count.reserved += cost;
    return (isSpent) => {
      count.reserved -= cost;
      if (isSpent) this.spend(key, cost);
    };
  }

  /** What the last exchange has not told yet, and from now on counts as told. */
  takeUnsent(): RateCount[] {
    const unsent = [...this.dirty];
    this.dirty.clear();
    return unsent;
  }

  /** May have arrived, or not. */
  untold(counts: readonly RateCount[]): void {
    for (const count of counts) if (count.index >= this.index - 1) this.dirty.add(count);
  }

  /** What other processes have counted in the window of `count`, and in the one before it. */
  learn(count: RateCount, others: number, othersBefore: number): void {
    count.learn(others);
    if (count.index !== this.index || othersBefore === 0) return;
    const before = this.previous.get(count.key) ?? new RateCount(count.key, count.index - 1);
    before.learn(othersBefore);
    this.previous.set(count.key, before);
  }

  /** Until `cost` is allowed, if no more is counted: in this window, or as this one fades in the next. */
  private waitMs(cost: number, used: number, before: number, passedMs: number): number {
    const { most, windowMs } = this.allowance;
    const endMs = windowMs - passedMs;
    if (cost > most) return endMs + windowMs;
    if (used + cost <= most) return Math.max(0, windowMs * (1 - (most - cost - used) / before) - passedMs);
    return endMs + Math.max(0, windowMs * (1 - (most - cost) / used));
  }

  private countOf(key: string): RateCount | undefined {
    this.move();
    const own = this.keyOf(key);
    if (own === undefined) {
      this.allowance.uncounted?.();
      return undefined;
    }
    let count = this.current.get(own);
    if (!count) this.current.set(own, (count = new RateCount(own, this.index)));
    return count;
  }

  private keyOf(key: string): string | undefined {
    const { mostKeys = Infinity, uncounted } = this.allowance;
    if (this.current.size < mostKeys || this.current.has(key)) return key;
    return uncounted ? undefined : OTHERS;
  }

  /** @returns how far into the window it is, in ms */
  private move(): number {
    const nowMs = this.now();
    const { windowMs } = this.allowance;
    const index = Math.floor(nowMs / windowMs);
    // A clock that is set back by a little must not begin a window anew.
    if (index !== this.index && index !== this.index - 1) this.moveTo(index);
    return Math.max(0, nowMs - this.index * windowMs);
  }

  private moveTo(index: number): void {
    this.previous = index === this.index + 1 ? this.current : new Map<string, RateCount>();
    this.current = new Map();
    this.index = index;
    for (const count of this.dirty) if (count.index < index - 1) this.dirty.delete(count);
  }
}
