import { eventually } from '@fourfold-tools/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { never, useCaches } from './testing/cache-fixture.js';
import { GatedLoader } from './testing/gated-loader.js';

const fixture = useCaches();
let database: string;
beforeEach(() => void (database = 'old'));
const load = async (): Promise<string> => database;
const failing = () => Promise.reject(new Error('database'));

const MAX_MS = 2_147_483_647;
/** As if the TTL had been over for a second. */
const endTtl = (graceMs: number) => fixture.endIn('user', '1', -1_000, graceMs);
const skipL1 = { skipL1: true };

describe('neverExpire', () => {
  const namespaces = { user: { ttlMs: 3_600_000, neverExpire: true } };

  it('serves past the TTL without waiting, and loads anew once behind', async () => {
    const a = await fixture.caches.open(fixture.prefix, { namespaces });
    const b = await fixture.caches.open(fixture.prefix, { namespaces });
    await a.cache.getOrLoad('user', '1', load);
    await endTtl(MAX_MS);
    const gated = new GatedLoader(() => 'new');
    for (const { cache } of [a, b, a, b])
      expect(await cache.getOrLoad('user', '1', gated.load, skipL1)).toBe('old');
    await gated.started;
    gated.release();
    await eventually(async () => (await b.cache.getOrLoad('user', '1', never, skipL1)) === 'new');
    expect(gated.calls).toBe(1);
    expect(a.cache.stats().namespaces['user']!.staleServed).toBe(2);
  });

  it('goes on serving when the load behind fails', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix, { namespaces });
    await cache.getOrLoad('user', '1', load);
    await endTtl(MAX_MS);
    const loader = vi.fn(failing);
    for (let i = 0; i < 10; i += 1) expect(await cache.getOrLoad('user', '1', loader, skipL1)).toBe('old');
    expect(loader).toHaveBeenCalledOnce();
  });

  it('an invalidate ends it at once', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix, { namespaces });
    await cache.getOrLoad('user', '1', load);
    database = 'new';
    await cache.invalidate('user', '1');
    expect(await cache.getOrLoad('user', '1', load)).toBe('new');
  });

  it('without it an old value is not kept', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await cache.getOrLoad('user', '1', load);
    expect(await fixture.redis.pttl(fixture.valueKey('user', '1'))).toBeLessThanOrEqual(3_600_000 * 1.1);
  });

  it('does not keep for weeks that there is nothing', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix, { namespaces });
    await cache.getOrLoad('user', '1', async () => null);
    expect(await fixture.redis.pttl(fixture.valueKey('user', '1'))).toBeLessThanOrEqual(66_000);
  });
});
