import type { OutageSide } from '@fourfold-tools/testing';
import type { AssembledCache } from '../assemble-cache.js';

/** Our cache as the outage scenario sees it. */
export function outageSide({ cache, l2, bus }: AssembledCache): OutageSide {
  return {
    getOrLoad: (id, loader) => cache.getOrLoad('user', id, loader),
    invalidate: (id) => cache.invalidate('user', id),
    hits: () => {
      const { l1Hits, l2Hits, joins, l2Misses } = cache.stats().namespaces['user']!;
      const hits = l1Hits + l2Hits + joins;
      return { hits, asked: hits + l2Misses };
    },
    inUse: () => l2.trusted && bus.live && l2.pendingInvalidations === 0,
    heard: () => bus.received,
  };
}
