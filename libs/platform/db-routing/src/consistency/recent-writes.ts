import type { Clock } from '@fourfold/kernel';
import type { ReplicationDialect } from '../engine/replication.dialect.js';
import { DEFAULT_CLUSTER } from './consistency.scope.js';
import { ANY_AGE, type Elsewhere, type Freshness, mergeFreshness } from './freshness.js';

const MAX_CALLERS = 10_000;
const NOWHERE: Elsewhere = {};

/**
 * The sticky window: for a short while this process remembers what each caller has written, for one that does not send
 * its token back. It does not reach other processes; the token does.
 */
export class RecentWrites {
  /** By cluster and caller, in the order of their writes, so that the oldest come first. */
  private readonly entries = new Map<string, { freshness: Freshness; untilMs: number }>();
  /** Clusters beside the default one. */
  private readonly others = new Set<string>();

  constructor(
    private readonly windowMs: number,
    private readonly dialect: ReplicationDialect,
    private readonly clock: Clock,
  ) {}

  /** Beside what is remembered already: of two requests at once, the one that ends last may have written first. */
  remember(caller: string, freshness: Freshness, cluster = DEFAULT_CLUSTER, dialect = this.dialect): void {
    const nowMs = this.clock.now();
    const key = keyOf(caller, cluster);
    const merged = mergeFreshness(dialect, this.of(caller, cluster), freshness);
    if (cluster !== DEFAULT_CLUSTER) this.others.add(cluster);
    this.entries.delete(key);
    this.entries.set(key, { freshness: merged, untilMs: nowMs + this.windowMs });
    for (const [oldest, { untilMs }] of this.entries) {
      if (untilMs > nowMs && this.entries.size <= MAX_CALLERS) break;
      this.entries.delete(oldest);
    }
  }

  of(caller: string, cluster = DEFAULT_CLUSTER): Freshness {
    const entry = this.entries.get(keyOf(caller, cluster));
    return entry && entry.untilMs > this.clock.now() ? entry.freshness : ANY_AGE;
  }

  elsewhere(caller: string): Elsewhere {
    if (this.others.size === 0) return NOWHERE;
    const all = [...this.others].map((cluster) => [cluster, [this.of(caller, cluster)]] as const);
    return Object.fromEntries(all.filter(([, [freshness]]) => freshness !== ANY_AGE));
  }
}

function keyOf(caller: string, cluster: string): string {
  return cluster === DEFAULT_CLUSTER ? caller : `${caller}\0${cluster}`;
}
