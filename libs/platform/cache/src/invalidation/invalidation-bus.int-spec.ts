import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshPrefix, TestCaches } from '../testing/test-caches.js';

let server: RedisServerFixture;
let caches: TestCaches;
beforeAll(async () => {
  server = await RedisServerFixture.start();
  caches = new TestCaches(server.url);
});
afterAll(async () => {
  caches.closeAll();
  server.thaw();
  await server.dispose();
});

/** As a large answer does while it is made: nothing else of this process runs meanwhile. */
function hold(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

describe('the invalidation bus', () => {
  it('is not cut off because the process was too busy to see the answer to a heartbeat', async () => {
    const { bus, cache } = await caches.open(freshPrefix());
    await cache.getOrLoad('user', '1', async () => 'v');
    const endMs = performance.now() + 2_500;
    while (performance.now() < endMs) {
      hold(350);
      await new Promise(setImmediate);
    }
    await new Promise(setImmediate);
    expect({ losses: bus.losses, state: cache.stats().l1.state }).toEqual({ losses: 0, state: 'serving' });
    expect(cache.stats().l1.entries).toBe(1);
  });

  it('is cut off when heartbeats stay unanswered, and live again when they are answered', async () => {
    const { bus } = await caches.open(freshPrefix());
    server.freeze();
    await eventually(() => !bus.live);
    server.thaw();
    await eventually(() => bus.live);
    expect(bus.losses).toBe(1);
  });
});
