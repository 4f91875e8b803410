import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import { ManualClock } from '@fourfold/kernel';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { cacheKey, RedisKeys } from './cache-key.js';
import { UncacheableValueError, UnknownNamespaceError } from './cache.errors.js';
import { HEADER_LENGTH } from './l2/lease.lua.js';
import { GatedLoader } from './testing/gated-loader.js';
import { freshPrefix, TestCaches } from './testing/test-caches.js';

let server: RedisServerFixture;
let redis: Redis;
let caches: TestCaches;
let prefix: string;

beforeAll(async () => {
  server = await RedisServerFixture.start();
  redis = server.client();
  caches = new TestCaches(server.url);
});
beforeEach(() => void (prefix = freshPrefix()));
afterEach(() => caches.closeAll());
afterAll(async () => {
  redis.disconnect();
  await server.dispose();
});

const valueKey = (namespace: string, id: string): string =>
  new RedisKeys(prefix).value(cacheKey(namespace, id));
const never = (): Promise<never> => Promise.reject(new Error('must not be loaded'));

describe('getOrLoad', () => {
  it('asks L1, then L2, then the loader, and fills both on the way back', async () => {
    const { cache: a } = await caches.open(prefix);
    const { cache: b } = await caches.open(prefix);
    const loader = vi.fn(async () => ({ name: 'Ada' }));

    expect(await a.getOrLoad('user', '1', loader)).toEqual({ name: 'Ada' });
    expect(await a.getOrLoad('user', '1', never)).toEqual({ name: 'Ada' });
    expect(await b.getOrLoad('user', '1', never)).toEqual({ name: 'Ada' });
    expect(await b.getOrLoad('user', '1', never)).toEqual({ name: 'Ada' });
    expect(await b.getOrLoad('user', '1', never, { skipL1: true })).toEqual({ name: 'Ada' });

    expect(loader).toHaveBeenCalledOnce();
    expect(a.stats().namespaces['user']).toMatchObject({ l1Hits: 1, l1Misses: 1, l2Misses: 1, loads: 1 });
    expect(b.stats().namespaces['user']).toMatchObject({ l1Hits: 1, l1Misses: 1, l2Hits: 2, loads: 0 });
    expect(b.stats().namespaces['user']?.hitRatio).toBe(1);
  });

  it('stores with the namespace’s TTL ±10%, and absence with the nil TTL', async () => {
    const { cache } = await caches.open(prefix, {}, { random: () => 0 });
    await cache.getOrLoad('stock', '1', async () => 7);
    await cache.getOrLoad('stock', '2', async () => null);
    expect(await redis.pttl(valueKey('stock', '1'))).toSatisfy((ms: number) => ms > 265_000 && ms <= 270_000);
    expect(await redis.pttl(valueKey('stock', '2'))).toSatisfy((ms: number) => ms > 49_000 && ms <= 54_000);
  });

  it.each([null, undefined])('remembers in every process that %s was loaded', async (absent) => {
    const { cache: a } = await caches.open(prefix);
    const { cache: b } = await caches.open(prefix);
    expect(await a.getOrLoad('user', '1', async () => absent)).toBeNull();
    expect(await a.getOrLoad('user', '1', never)).toBeNull();
    expect(await b.getOrLoad('user', '1', never)).toBeNull();
  });

  it.each([[0], [''], [false]])('caches %j as the value it is', async (value) => {
    const { cache } = await caches.open(prefix);
    await cache.getOrLoad<unknown>('user', '1', async () => value);
    expect(await cache.getOrLoad('user', '1', never)).toBe(value);
    expect(await cache.getOrLoad('user', '1', never, { skipL1: true })).toBe(value);
  });

  it('gives the first caller exactly what later ones get: frozen plain data', async () => {
    const { cache } = await caches.open(prefix);
    const source = { items: [{ n: 1, gone: undefined }] };
    const first = await cache.getOrLoad('user', '1', async () => source);
    expect(first).toStrictEqual({ items: [{ n: 1 }] });
    expect(Object.isFrozen(first?.items[0])).toBe(true);
    expect(Object.isFrozen(source)).toBe(false);
  });

  it('keeps apart keys that would collide when joined', async () => {
    const namespaces = { 'a:b': { ttlMs: 60_000 }, a: { ttlMs: 60_000 } };
    const { cache } = await caches.open(prefix, { namespaces });
    expect(await cache.getOrLoad('a:b', 'c', async () => 'first')).toBe('first');
    expect(await cache.getOrLoad('a', 'b:c', async () => 'second')).toBe('second');
    await cache.invalidate('a', 'b:c');
    expect(await cache.getOrLoad('a:b', 'c', never, { skipL1: true })).toBe('first');
  });

  it('takes damaged bytes and bytes of another serialiser for a miss, and replaces them', async () => {
    const { cache: a } = await caches.open(prefix);
    const { cache: b } = await caches.open(prefix);
    await a.getOrLoad('user', '1', async () => 'good');
    const bytes = (await redis.getBuffer(valueKey('user', '1')))!;
    bytes[HEADER_LENGTH] = 0x7f;
    await redis.set(valueKey('user', '1'), bytes, 'PX', 60_000);
    expect(await b.getOrLoad('user', '1', async () => 'loaded anew')).toBe('loaded anew');
    expect(await b.getOrLoad('user', '1', never, { skipL1: true })).toBe('loaded anew');
  });

  it('never keeps a value in L1 for longer than it has left in L2', async () => {
    const clock = new ManualClock(1_000_000);
    const { cache: a } = await caches.open(prefix);
    const { cache: b } = await caches.open(prefix, {}, { clock });
    await a.getOrLoad('user', '1', async () => 'old');
    await redis.pexpire(valueKey('user', '1'), 5_000);
    await b.getOrLoad('user', '1', never);
    await redis.del(valueKey('user', '1'));

    clock.advance(4_000);
    expect(await b.getOrLoad('user', '1', never)).toBe('old');
    clock.advance(1_000);
    expect(await b.getOrLoad('user', '1', async () => 'new')).toBe('new');
  });

  it('passes on what the loader throws, caches nothing, and frees the key at once', async () => {
    const { cache: a } = await caches.open(prefix);
    const { cache: b } = await caches.open(prefix);
    await expect(a.getOrLoad('user', '1', () => Promise.reject(new Error('database')))).rejects.toThrow(
      'database',
    );
    expect(await b.getOrLoad('user', '1', async () => 'v')).toBe('v');
    // Stored: so b had the lease, and did not just lose patience with a's.
    expect(await b.getOrLoad('user', '1', never, { skipL1: true })).toBe('v');
    expect(a.stats().namespaces['user']?.loadErrors).toBe(1);
  });

  it('refuses undeclared namespaces and values that JSON would change', async () => {
    const { cache } = await caches.open(prefix);
    await expect(cache.getOrLoad('usr', '1', never)).rejects.toThrow(UnknownNamespaceError);
    await expect(cache.invalidate('usr', '1')).rejects.toThrow(UnknownNamespaceError);
    await expect(cache.getOrLoad('user', '1', async () => new Date())).rejects.toThrow(UncacheableValueError);
    expect(await cache.getOrLoad('user', '1', async () => 'v')).toBe('v');
  });

  it('stays within its bytes', async () => {
    const { cache } = await caches.open(prefix, { l1MaxBytes: 50_000 });
    for (let i = 0; i < 200; i += 1) await cache.getOrLoad('user', String(i), async () => '😀'.repeat(i));
    const { bytes, entries, evictions } = cache.stats().l1;
    expect(bytes).toBeLessThanOrEqual(50_000);
    expect(entries).toBeGreaterThan(0);
    expect(evictions).toBeGreaterThan(0);
    expect(await cache.getOrLoad('user', '3', never)).toBe('😀'.repeat(3));
  });
});

describe('a stampede', () => {
  it('of 100 callers in one process makes one load', async () => {
    const { cache } = await caches.open(prefix);
    const gated = new GatedLoader(() => 'v');
    const callers = Array.from({ length: 100 }, () => cache.getOrLoad('user', '1', gated.load));
    await gated.started;
    gated.release();
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['v']));
    expect(gated.calls).toBe(1);
    expect(cache.stats().namespaces['user']?.joins).toBe(99);
  });

  it('of 100 callers in two processes, half of them past L1, makes one load', async () => {
    const { cache: a } = await caches.open(prefix, { leaseWaitMs: 30_000 });
    const { cache: b } = await caches.open(prefix, { leaseWaitMs: 30_000 });
    const gated = new GatedLoader(() => 'v');
    const callers = Array.from({ length: 100 }, (_, i) =>
      [a, b][i % 2]!.getOrLoad('user', '1', gated.load, { skipL1: i % 4 > 1 }),
    );
    await gated.started;
    await eventually(() => b.stats().namespaces['user']!.l2Misses > 0);
    gated.release();
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['v']));
    expect(gated.calls).toBe(1);
  });

  it('does not wait for ever for a holder that is slow: the waiter loads, and stores nothing', async () => {
    const { cache: a } = await caches.open(prefix);
    const { cache: b } = await caches.open(prefix, { leaseWaitMs: 30 });
    const slow = new GatedLoader(() => 'slow');
    const first = a.getOrLoad('user', '1', slow.load);
    await slow.started;
    expect(await b.getOrLoad('user', '1', async () => 'own')).toBe('own');
    expect(await redis.exists(valueKey('user', '1'))).toBe(0);
    slow.release();
    expect(await first).toBe('slow');
  });

  it('gets a crashed holder’s lease once it has run out, and the crashed one’s fill is refused', async () => {
    const { cache: a } = await caches.open(prefix, { leaseMs: 100 });
    const { cache: b } = await caches.open(prefix, { leaseWaitMs: 30_000 });
    const stuck = new GatedLoader(() => 'of the stuck holder');
    const first = a.getOrLoad('user', '1', stuck.load);
    await stuck.started;
    expect(await b.getOrLoad('user', '1', async () => 'v')).toBe('v');
    stuck.release();
    await first;
    expect(await b.getOrLoad('user', '1', never, { skipL1: true })).toBe('v');
    expect(a.stats().namespaces['user']?.refusedFills).toBe(1);
  });
});

describe('set', () => {
  it('is seen by every process, null as absent', async () => {
    const { cache: a } = await caches.open(prefix);
    const { cache: b } = await caches.open(prefix);
    await b.getOrLoad('user', '1', async () => 'old');
    expect(await a.set('user', '1', 'new')).toEqual({ deferred: false });
    expect(await a.getOrLoad('user', '1', never)).toBe('new');
    await eventually(async () => (await b.getOrLoad('user', '1', never)) === 'new');
    await a.set('user', '1', null);
    expect(await a.getOrLoad('user', '1', never)).toBeNull();
  });
});
