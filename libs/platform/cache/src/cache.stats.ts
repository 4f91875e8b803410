import type { L1Store } from './l1/l1.store.js';
import type { L2State, RedisL2Store } from './l2/redis-l2.store.js';
import type { NamespaceCounts, Namespaces } from './namespace.js';

export interface NamespaceStats extends NamespaceCounts {
  /** Share of keys answered without a load, 0 to 1; null before the first one. */
  readonly hitRatio: number | null;
  /** Share of those asked of L1 that it had, and of those asked of L2. */
  readonly l1HitRatio: number | null;
  readonly l2HitRatio: number | null;
}

export interface CacheStats {
  readonly namespaces: Readonly<Record<string, NamespaceStats>>;
  readonly l1: {
    readonly bytes: number;
    readonly maxBytes: number;
    readonly entries: number;
    readonly evictions: number;
    /** `alone`: Redis is away, and what is loaded meanwhile is kept for a moment. */
    readonly state: 'suspended' | 'serving' | 'alone';
  };
  readonly l2: { readonly state: L2State; readonly pendingInvalidations: number; readonly errors: number };
}

export function statsOf(namespaces: Namespaces, l1: L1Store, l2: RedisL2Store): CacheStats {
  const byName: Record<string, NamespaceStats> = {};
  for (const { name, counts } of namespaces.all()) {
    byName[name] = {
      ...counts,
      hitRatio: shareOf(counts.l1Hits + counts.l2Hits + counts.joins, counts.l2Misses),
      l1HitRatio: shareOf(counts.l1Hits, counts.l1Misses),
      l2HitRatio: shareOf(counts.l2Hits, counts.l2Misses),
    };
  }
  const { bytes, maxBytes, size, evictions, state } = l1;
  return {
    namespaces: byName,
    l1: { bytes, maxBytes, entries: size, evictions, state },
    l2: { state: l2.state, pendingInvalidations: l2.pendingInvalidations, errors: l2.errors },
  };
}

function shareOf(hits: number, misses: number): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}
