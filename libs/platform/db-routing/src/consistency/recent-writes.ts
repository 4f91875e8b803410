import type { Clock } from '@fourfold/kernel';
import type { ReplicationDialect } from '../engine/replication.dialect.js';
import { ANY_AGE, type Freshness, mergeFreshness } from './freshness.js';

const MAX_CALLERS = 10_000;

/**
 * The sticky window: for a short while this process remembers what each caller has written, for one that does not send
 * its token back. It does not reach other processes; the token does.
 */
export class RecentWrites {
  /** In the order of their writes, so that the oldest come first. */
  private readonly byCaller = new Map<string, { freshness: Freshness; untilMs: number }>();

  constructor(
    private readonly windowMs: number,
    private readonly dialect: ReplicationDialect,
    private readonly clock: Clock,
  ) {}

  /** Beside what is remembered already: of two requests at once, the one that ends last may have written first. */
  remember(caller: string, freshness: Freshness): void {
    const nowMs = this.clock.now();
    const merged = mergeFreshness(this.dialect, this.of(caller), freshness);
    this.byCaller.delete(caller);
    this.byCaller.set(caller, { freshness: merged, untilMs: nowMs + this.windowMs });
    for (const [oldest, { untilMs }] of this.byCaller) {
      if (untilMs > nowMs && this.byCaller.size <= MAX_CALLERS) break;
      this.byCaller.delete(oldest);
    }
  }

  of(caller: string): Freshness {
    const entry = this.byCaller.get(caller);
    return entry && entry.untilMs > this.clock.now() ? entry.freshness : ANY_AGE;
  }
}
