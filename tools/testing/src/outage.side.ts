import type { OutageSide } from './redis-outage.scenario.js';

/** What the scenario needs of an assembled `@fourfold/cache`; by shape, since tools for tests import no library. */
interface AssembledLike {
  readonly cache: {
    getOrLoad(namespace: string, id: string, loader: () => Promise<number>): Promise<number | null>;
    invalidate(namespace: string, ...ids: string[]): Promise<unknown>;
    stats(): {
      namespaces: Readonly<
        Record<string, { l1Hits: number; l2Hits: number; joins: number; l2Misses: number }>
      >;
    };
  };
  readonly l2: { readonly trusted: boolean; readonly pendingInvalidations: number };
  readonly bus: { readonly live: boolean; readonly received: number };
}

/** One namespace of our cache as the outage scenario sees it. */
export function outageSideOf({ cache, l2, bus }: AssembledLike, namespace: string): OutageSide {
  return {
    getOrLoad: (id, loader) => cache.getOrLoad(namespace, id, loader),
    invalidate: (id) => cache.invalidate(namespace, id),
    hits: () => {
      const { l1Hits, l2Hits, joins, l2Misses } = cache.stats().namespaces[namespace]!;
      const hits = l1Hits + l2Hits + joins;
      return { hits, asked: hits + l2Misses };
    },
    inUse: () => l2.trusted && bus.live && l2.pendingInvalidations === 0,
    heard: () => bus.received,
  };
}
