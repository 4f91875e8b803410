import { eventually } from '@fourfold-tools/testing';
import { ManualClock } from '@fourfold/kernel';
import { describe, expect, it, vi } from 'vitest';
import { UncacheableValueError, UnknownNamespaceError } from './cache.errors.js';
import { never, useCaches } from './testing/cache-fixture.js';

const fixture = useCaches();

describe('getOrLoad', () => {
  it('asks L1, then L2, then the loader, and fills both on the way back', async () => {
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix);
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

  it.each([
    ['a script', 10_000, { mget: 20, evalsha: 20 }], // the script's own MGET counts too
    ['a look', 3_600_000, { mget: 20, evalsha: 0 }],
  ])('asks Redis once, by %s, for a value with a TTL of %i ms', async (_how, ttlMs, expected) => {
    const clock = new ManualClock(Date.now());
    const namespaces = { user: { ttlMs, l1MaxTtlMs: 1, refreshAhead: 0 } };
    const { cache } = await fixture.caches.open(fixture.prefix, { namespaces }, { clock });
    const read = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i += 1) {
        clock.advance(1);
        await cache.getOrLoad('user', '1', async () => 'v');
      }
    };
    await read(1);
    await fixture.redis.config('RESETSTAT');
    await read(20);
    const stats = await fixture.redis.info('commandstats');
    const calls = (command: string) => Number(new RegExp(`_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    expect({ mget: calls('mget'), evalsha: calls('evalsha') }).toEqual(expected);
  });

  it('stores with the namespace’s TTL ±10%, and absence with the nil TTL', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix, {}, { random: () => 0 });
    await cache.getOrLoad('stock', '1', async () => 7);
    await cache.getOrLoad('stock', '2', async () => null);
    expect(await fixture.redis.pttl(fixture.valueKey('stock', '1'))).toSatisfy(
      (ms: number) => ms > 265_000 && ms <= 270_000,
    );
    expect(await fixture.redis.pttl(fixture.valueKey('stock', '2'))).toSatisfy(
      (ms: number) => ms > 49_000 && ms <= 54_000,
    );
  });

  it.each([null, undefined])('remembers in every process that %s was loaded', async (absent) => {
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix);
    expect(await a.getOrLoad('user', '1', async () => absent)).toBeNull();
    expect(await a.getOrLoad('user', '1', never)).toBeNull();
    expect(await b.getOrLoad('user', '1', never)).toBeNull();
  });

  it.each([[0], [''], [false]])('caches %j as the value it is', async (value) => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await cache.getOrLoad<unknown>('user', '1', async () => value);
    expect(await cache.getOrLoad('user', '1', never)).toBe(value);
    expect(await cache.getOrLoad('user', '1', never, { skipL1: true })).toBe(value);
  });

  it('gives the first caller exactly what later ones get: frozen plain data', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const source = { items: [{ n: 1, gone: undefined }] };
    const first = await cache.getOrLoad('user', '1', async () => source);
    expect(first).toStrictEqual({ items: [{ n: 1 }] });
    expect(Object.isFrozen(first?.items[0])).toBe(true);
    expect(Object.isFrozen(source)).toBe(false);
  });

  it('naive twin: joined by a colon, two keys are one', () => {
    const key = (namespace: string, id: string): string => `${namespace}:${id}`;
    expect(key('a:b', 'c')).toBe(key('a', 'b:c'));
  });

  it('keeps apart keys that would collide when joined', async () => {
    const namespaces = { 'a:b': { ttlMs: 60_000 }, a: { ttlMs: 60_000 } };
    const { cache } = await fixture.caches.open(fixture.prefix, { namespaces });
    expect(await cache.getOrLoad('a:b', 'c', async () => 'first')).toBe('first');
    expect(await cache.getOrLoad('a', 'b:c', async () => 'second')).toBe('second');
    await cache.invalidate('a', 'b:c');
    expect(await cache.getOrLoad('a:b', 'c', never, { skipL1: true })).toBe('first');
  });

  it('naive twin: an L1 with a TTL of its own serves a value that Redis has let go', async () => {
    const { redis, prefix } = fixture;
    const clock = new ManualClock();
    const l1 = new Map<string, { value: string | null; expiresMs: number }>();
    await redis.set(prefix, 'old', 'PX', 5_000);
    l1.set(prefix, { value: await redis.get(prefix), expiresMs: clock.now() + 60_000 });
    await redis.del(prefix);
    clock.advance(5_000);
    expect(l1.get(prefix)!.expiresMs).toBeGreaterThan(clock.now());
  });

  it('never keeps a value in L1 for longer than it has left in L2', async () => {
    const clock = new ManualClock(1_000_000);
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix, {}, { clock });
    await a.getOrLoad('user', '1', async () => 'old');
    await fixture.endIn('user', '1', 5_000);
    await b.getOrLoad('user', '1', never);
    await fixture.redis.del(fixture.valueKey('user', '1'));

    clock.advance(4_000);
    expect(await b.getOrLoad('user', '1', never)).toBe('old');
    clock.advance(1_000);
    expect(await b.getOrLoad('user', '1', async () => 'new')).toBe('new');
  });

  it('passes on what the loader throws, caches nothing, and frees the key at once', async () => {
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix);
    await expect(a.getOrLoad('user', '1', () => Promise.reject(new Error('database')))).rejects.toThrow(
      'database',
    );
    expect(await b.getOrLoad('user', '1', async () => 'v')).toBe('v');
    // Stored: so b had the lease, and did not just lose patience with a's.
    expect(await b.getOrLoad('user', '1', never, { skipL1: true })).toBe('v');
    expect(a.stats().namespaces['user']?.loadErrors).toBe(1);
  });

  it('refuses undeclared namespaces and values that JSON would change', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await expect(cache.getOrLoad('usr', '1', never)).rejects.toThrow(UnknownNamespaceError);
    await expect(cache.invalidate('usr', '1')).rejects.toThrow(UnknownNamespaceError);
    await expect(cache.getOrLoad('user', '1', async () => new Date())).rejects.toThrow(UncacheableValueError);
    expect(await cache.getOrLoad('user', '1', async () => 'v')).toBe('v');
  });

  it('stays within its bytes', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix, { l1MaxBytes: 50_000 });
    for (let i = 0; i < 200; i += 1) await cache.getOrLoad('user', String(i), async () => '😀'.repeat(i));
    const { bytes, entries, evictions } = cache.stats().l1;
    expect(bytes).toBeLessThanOrEqual(50_000);
    expect(entries).toBeGreaterThan(0);
    expect(evictions).toBeGreaterThan(0);
    expect(await cache.getOrLoad('user', '3', never)).toBe('😀'.repeat(3));
  });
});

describe('set', () => {
  it('is seen by every process, null as absent', async () => {
    const { cache: a } = await fixture.caches.open(fixture.prefix);
    const { cache: b } = await fixture.caches.open(fixture.prefix);
    await b.getOrLoad('user', '1', async () => 'old');
    expect(await a.set('user', '1', 'new')).toEqual({ deferred: false });
    expect(await a.getOrLoad('user', '1', never)).toBe('new');
    await eventually(async () => (await b.getOrLoad('user', '1', never)) === 'new');
    await a.set('user', '1', null);
    expect(await a.getOrLoad('user', '1', never)).toBeNull();
  });
});
