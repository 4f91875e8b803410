import { eventually, gate } from '@fourfold-tools/testing';
import { ManualClock } from '@fourfold/kernel';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { never, useCaches } from './testing/cache-fixture.js';
import { GatedLoader } from './testing/gated-loader.js';
import { NaiveCache } from './testing/naive-cache.js';

const fixture = useCaches();
let database: string;
beforeEach(() => void (database = 'old'));
const load = async (): Promise<string> => database;

const HOUR_MS = 3_600_000;
/** As if the hour were over but for a minute. */
const nearEnd = () => fixture.endIn('user', '1', 60_000);
const left = () => fixture.redis.pttl(fixture.valueKey('user', '1'));

describe('a value in the last tenth of its TTL', () => {
  it('is served at once and loaded anew behind, so that it does not end', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await cache.getOrLoad('user', '1', load);
    await nearEnd();
    const gated = new GatedLoader(() => 'new');
    expect(await cache.getOrLoad('user', '1', gated.load, { skipL1: true })).toBe('old');
    await gated.started;
    gated.release();
    await eventually(async () => (await cache.getOrLoad('user', '1', never)) === 'new');
    expect(await left()).toBeGreaterThan(HOUR_MS / 2);
    expect(cache.stats().namespaces['user']).toMatchObject({ refreshes: 1, loads: 2 });
  });

  it('is not refreshed a moment earlier', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix, {}, { random: () => 0.5 });
    await cache.getOrLoad('user', '1', load);
    await fixture.endIn('user', '1', HOUR_MS / 10 + 30_000);
    const loader = vi.fn(load);
    await cache.getOrLoad('user', '1', loader, { skipL1: true });
    await cache.getOrLoad('user', '1', loader);
    expect(cache.stats().namespaces['user']).toMatchObject({ refreshes: 0 });
    expect(loader).not.toHaveBeenCalled();
  });

  it('is refreshed from an L1 hit as well', async () => {
    const clock = new ManualClock(Date.now());
    const namespaces = { user: { ttlMs: 50_000 } };
    const { cache } = await fixture.caches.open(fixture.prefix, { namespaces }, { clock, random: () => 0.5 });
    await cache.getOrLoad('user', '1', load);
    clock.advance(44_000);
    expect(await cache.getOrLoad('user', '1', never)).toBe('old');
    clock.advance(2_000);
    await fixture.endIn('user', '1', 4_000);
    database = 'new';
    expect(await cache.getOrLoad('user', '1', load)).toBe('old');
    await eventually(async () => (await cache.getOrLoad('user', '1', never)) === 'new');
  });

  it('is refreshed once in all processes, however many ask', async () => {
    const opened = await Promise.all([1, 2, 3].map(() => fixture.caches.open(fixture.prefix)));
    await opened[0]!.cache.getOrLoad('user', '1', load);
    await nearEnd();
    const gated = new GatedLoader(() => 'new');
    const reads = Array.from({ length: 60 }, (_, i) =>
      opened[i % 3]!.cache.getOrLoad('user', '1', gated.load, { skipL1: true }),
    );
    expect(new Set(await Promise.all(reads))).toEqual(new Set(['old']));
    await gated.started;
    gated.release();
    await eventually(async () => (await left()) > HOUR_MS / 2);
    expect(gated.calls).toBe(1);
  });

  it('keeps its old value when the refresh fails, and is left alone for a moment', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await cache.getOrLoad('user', '1', load);
    await nearEnd();
    const failing = vi.fn(() => Promise.reject(new Error('database')));
    for (let i = 0; i < 20; i += 1)
      expect(await cache.getOrLoad('user', '1', failing, { skipL1: true })).toBe('old');
    await eventually(() => cache.stats().namespaces['user']!.loadErrors === 1);
    expect(await cache.getOrLoad('user', '1', failing, { skipL1: true })).toBe('old');
    expect(failing).toHaveBeenCalledOnce();
  });

  it('is not refreshed when the part is 0, nor when it says that there is nothing', async () => {
    const namespaces = { user: { ttlMs: HOUR_MS, refreshAhead: 0 }, stock: { ttlMs: HOUR_MS } };
    const { cache } = await fixture.caches.open(fixture.prefix, { namespaces });
    await cache.getOrLoad('user', '1', load);
    await nearEnd();
    await cache.getOrLoad('stock', '1', async () => null);
    await fixture.endIn('stock', '1', 1_000);
    await cache.getOrLoad('user', '1', never, { skipL1: true });
    await cache.getOrLoad('stock', '1', never, { skipL1: true });
    expect(cache.stats().namespaces['user']).toMatchObject({ refreshes: 0 });
    expect(cache.stats().namespaces['stock']).toMatchObject({ refreshes: 0 });
  });
});

describe('an invalidate during a refresh', () => {
  it('naive twin: the refresh revives what was deleted', async () => {
    const naive = new NaiveCache(fixture.redis);
    await naive.getOrLoad(fixture.prefix, load);
    const gated = new GatedLoader(() => database);
    const refresh = gated.load().then((value) => naive.set(fixture.prefix, value));
    database = 'new';
    await naive.invalidate(fixture.prefix);
    gated.release();
    await refresh;
    expect(await naive.getOrLoad(fixture.prefix, load)).toBe('old');
  });

  it.each(['the same', 'another'])('by %s process: nothing is revived', async (whose) => {
    const a = await fixture.caches.open(fixture.prefix);
    const b = await fixture.caches.open(fixture.prefix);
    await a.cache.getOrLoad('user', '1', load);
    await nearEnd();
    const gated = new GatedLoader(() => database);
    await a.cache.getOrLoad('user', '1', gated.load, { skipL1: true });
    await gated.started;
    database = 'new';
    await (whose === 'another' ? b : a).cache.invalidate('user', '1');
    gated.release();
    await eventually(() => a.cache.stats().namespaces['user']!.refusedFills === 1);
    expect(await fixture.redis.exists(fixture.valueKey('user', '1'))).toBe(0);
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
    expect(await b.cache.getOrLoad('user', '1', load)).toBe('new');
  });
});

describe('a shutdown during a refresh', () => {
  it('naive twin: a background refresh that no caller awaits rejects, and the rejection is unhandled', async () => {
    const client = fixture.server.client();
    await eventually(() => client.status === 'ready');
    const gated = new GatedLoader(() => 'new');
    const refresh = gated.load().then((value) => client.set(fixture.prefix, value));
    await gated.started;
    client.disconnect();
    gated.release();
    await expect(refresh).rejects.toThrow();
  });

  it('leaves no unhandled rejection, and stores nothing', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const a = await fixture.caches.open(fixture.prefix);
    await a.cache.getOrLoad('user', '1', load);
    await nearEnd();
    const gated = new GatedLoader(() => 'new');
    await a.cache.getOrLoad('user', '1', gated.load, { skipL1: true });
    await gated.started;
    a.close();
    gated.release();
    const failing = await fixture.caches.open(fixture.prefix);
    await failing.cache.getOrLoad('user', '1', () => Promise.reject(new Error('database')), { skipL1: true });
    failing.close();
    await eventually(() => a.cache.stats().namespaces['user']!.refusedFills === 1);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(await left()).toBeLessThanOrEqual(60_000);
  });
});

describe('many values of one call', () => {
  const namespaces = {
    ahead: { ttlMs: HOUR_MS },
    endless: { ttlMs: HOUR_MS, neverExpire: true },
  };
  const ids = Array.from({ length: 500 }, (_, i) => String(i));

  it.each([
    ['near their end', 'ahead', 60_000],
    ['past their TTL, in neverExpire mode', 'endless', -60_000],
  ])(
    '%s are loaded anew in few batches, which take no place of a reader',
    async (_what, namespace, leftMs) => {
      // A batch whose leases Redis gives too late is left to the next reader.
      const options = { namespaces, maxLoads: 1, commandTimeoutMs: 5_000 };
      const { cache } = await fixture.caches.open(fixture.prefix, options);
      await cache.getMany(namespace, ids, async (missing) => new Map(missing.map((id) => [id, 'old'])));
      await Promise.all(ids.map((id) => fixture.endIn(namespace, id, leftMs, HOUR_MS)));
      const [opened, running] = [gate(), { now: 0, most: 0, batches: [] as number[] }];
      const loadMany = async (missing: string[]) => {
        running.batches.push(missing.length);
        running.most = Math.max(running.most, (running.now += 1));
        await opened.passed;
        running.now -= 1;
        return new Map(missing.map((id) => [id, 'new']));
      };
      const found = await cache.getMany(namespace, ids, loadMany, { skipL1: true });
      expect(new Set(found.values())).toEqual(new Set(['old']));
      await eventually(() => running.now === 2);
      expect(await cache.getOrLoad(namespace, 'of a reader', load)).toBe('old');
      opened.open();
      const refreshed = async () => (await cache.peek(namespace, '499'))?.value === 'new';
      await eventually(async () => (await refreshed()) && running.now === 0);
      expect(running.most).toBe(2);
      expect(running.batches).toEqual([200, 200, 100]);
    },
  );
});
