import { register } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CurrentTopology } from '../topology/current-topology.js';
import { RoutingCache } from './routing-cache.js';

const ring = { epoch: 1 };
const topology = { ring } as unknown as CurrentTopology;

beforeEach(() => {
  ring.epoch = 1;
  register.resetMetrics();
});

async function counted(result: string): Promise<number> {
  const { values } = await register.getSingleMetric('shard_routing_cache_requests_total')!.get();
  return values.find(({ labels }) => labels['result'] === result)?.value ?? 0;
}

describe('RoutingCache', () => {
  it('gives what was remembered, until it is deleted, and counts hits and misses', async () => {
    const cache = new RoutingCache('email', topology);
    expect(cache.get('ada@example.com')).toBeUndefined();
    cache.set('ada@example.com', '7', cache.epoch);
    expect(cache.get('ada@example.com')).toBe('7');
    cache.delete('ada@example.com');
    expect(cache.get('ada@example.com')).toBeUndefined();
    expect([await counted('hit'), await counted('miss')]).toEqual([1, 2]);
  });

  it('does not use what was looked up in another epoch, even if that ended during the look-up', () => {
    const cache = new RoutingCache('email', topology);
    const { epoch } = cache;
    ring.epoch = 2;
    cache.set('ada@example.com', '7', epoch);
    expect(cache.get('ada@example.com')).toBeUndefined();
    cache.set('ada@example.com', '7', cache.epoch);
    expect(cache.get('ada@example.com')).toBe('7');
  });

  it('holds no more than its bound, and lets go what was asked for least recently', () => {
    const cache = new RoutingCache('email', topology, { maxEntries: 100 });
    for (let id = 0; id < 1_000; id++) {
      cache.set(`${id}@example.com`, String(id), 1);
      cache.get('0@example.com');
    }
    const kept = Array.from({ length: 1_000 }, (_, id) => cache.get(`${id}@example.com`)).filter(Boolean);
    expect(kept).toHaveLength(100);
    expect(kept[0]).toBe('0');
  });
});
