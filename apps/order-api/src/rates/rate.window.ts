/** So much in a window of time. */
export interface Allowance {
  readonly name: string;
  readonly most: number;
  readonly windowMs: number;
}

export interface Standing {
  readonly isAllowed: boolean;
  readonly remaining: number;
  /** Until the next window. */
  readonly resetSeconds: number;
}

/** What has been counted of a key in one window. */
export interface Count {
  /** Here and, as of the last exchange, elsewhere. */
  used: number;
  /** Here, since the last exchange. */
  unsent: number;
}

/** Keys of one window that are counted each for itself; those beyond share one count. */
const MOST_KEYS = 50_000;
const OTHERS = '';

/**
 * Counts of many keys in windows that begin at multiples of their length, of which the last one still counts by the part
 * that lies less than a window back (a sliding window of two counters: Cloudflare, "Counting things, a lot of different
 * things", 2017). Asks no other process: what others count is added by an exchange now and then.
 */
export class RateWindow {
  /** Number of the window since 1970. */
  index = 0;
  private current = new Map<string, Count>();
  private previous = new Map<string, Count>();
  private dirty = new Set<string>();

  constructor(
    readonly allowance: Allowance,
    private readonly now: () => number = Date.now,
  ) {}

  /** Counts `cost` where it is allowed; what is refused counts for nothing. @param cost 0 only looks */
  take(key: string, cost: number): Standing {
    const { most, windowMs } = this.allowance;
    const nowMs = this.now();
    this.moveTo(Math.floor(nowMs / windowMs));
    const passedMs = nowMs - this.index * windowMs;
    const own = this.keyOf(key);
    const count = this.current.get(own);
    const before = this.previous.get(own)?.used ?? 0;
    const used = (count?.used ?? 0) + before * (1 - passedMs / windowMs);
    const isAllowed = used + Math.max(cost, 1) <= most;
    if (isAllowed && cost > 0) this.add(own, count, cost);
    const left = most - used - (isAllowed ? cost : 0);
    return {
      isAllowed,
      remaining: Math.max(0, Math.floor(left)),
      resetSeconds: Math.max(1, Math.ceil((windowMs - passedMs) / 1_000)),
    };
  }

  /** What the last exchange has not told yet, and from now on counts as told. */
  takeUnsent(): [key: string, count: Count, cost: number][] {
    const unsent = [...this.dirty].map((key): [string, Count, number] => {
      const count = this.current.get(key)!;
      return [key, count, count.unsent];
    });
    for (const [, count] of unsent) count.unsent = 0;
    this.dirty.clear();
    return unsent;
  }

  /** @param total of all processes, with what `takeUnsent` gave */
  told(count: Count, total: number): void {
    count.used = total + count.unsent;
  }

  /** It has not arrived. */
  untold(key: string, count: Count, cost: number): void {
    count.unsent += cost;
    if (this.current.get(key) === count) this.dirty.add(key);
  }

  private add(key: string, known: Count | undefined, cost: number): void {
    const count = known ?? { used: 0, unsent: 0 };
    if (!known) this.current.set(key, count);
    count.used += cost;
    if (count.unsent === 0) this.dirty.add(key);
    count.unsent += cost;
  }

  private keyOf(key: string): string {
    return this.current.size < MOST_KEYS || this.current.has(key) ? key : OTHERS;
  }

  private moveTo(index: number): void {
    if (index === this.index) return;
    this.previous = index === this.index + 1 ? this.current : new Map<string, Count>();
    this.current = new Map();
    this.dirty = new Set();
    this.index = index;
  }
}
