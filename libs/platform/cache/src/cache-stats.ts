import type { L1State, L1Store } from './l1/l1.store.js';
import type { L2State } from './l2/redis-availability.js';
import type { RedisL2Store } from './l2/redis-l2.store.js';
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
    readonly state: L1State;
  };
  readonly l2: { readonly state: L2State; readonly pendingInvalidations: number; readonly errors: number };
}

interface Counted {
  readonly namespaces: Namespaces;
  readonly l1: L1Store;
  readonly l2: RedisL2Store;
}

export function statsOf({ namespaces, l1, l2 }: Counted): CacheStats {
  const byName: Record<string, NamespaceStats> = {};
  for (const { name, looks, counts } of namespaces.all()) {
    const { l1Hits, l1Misses, l2Hits, l2Misses, joins } = looks;
    byName[name] = {
      ...looks,
      ...counts,
      hitRatio: shareOf(l1Hits + l2Hits + joins, l2Misses),
      l1HitRatio: shareOf(l1Hits, l1Misses),
      l2HitRatio: shareOf(l2Hits, l2Misses),
    };
  }
  const { bytes, maxBytes, size, evictions, state } = l1;
  const { pendingInvalidations, errors } = l2;
  return {
    namespaces: byName,
    l1: { bytes, maxBytes, entries: size, evictions, state },
    l2: { state: l2.state, pendingInvalidations, errors },
  };
}

function shareOf(hits: number, misses: number): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}
