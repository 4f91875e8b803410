import { describe, expect, it } from 'vitest';
import { CacheCallError, UnknownNamespaceError } from './cache.errors.js';
import { never, useCaches } from './testing/cache-fixture.js';
import type { ReadOptions } from './multi-level-cache.js';

const fixture = useCaches();
const load = async (): Promise<string> => 'v';

describe('an undeclared namespace', () => {
  it('is an error of every call, which lists the declared ones', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const calls = [
      () => cache.getOrLoad('usr', '1', never),
      () => cache.getMany('usr', ['1'], never),
      () => cache.peek('usr', '1'),
      () => cache.set('usr', '1', 'v'),
      () => cache.invalidate('usr', '1'),
      () => cache.invalidateNamespace('usr'),
    ];
    for (const call of calls) {
      const error = await call().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(UnknownNamespaceError);
      expect((error as Error).message).toContain('declared are: user, stock');
    }
  });
});

describe('the options of a call', () => {
  it.each<[string, ReadOptions]>([
    ['ttlMs 0', { ttlMs: 0 }],
    ['ttlMs negative', { ttlMs: -1 }],
    ['ttlMs a fraction', { ttlMs: 1.5 }],
    ['ttlMs NaN', { ttlMs: Number.NaN }],
    ['ttlMs over 24.8 days', { ttlMs: 2_147_483_648 }],
    ['ttlMs a text', { ttlMs: '60' as unknown as number }],
    ['nilTtlMs 0', { nilTtlMs: 0 }],
    ['l1MaxTtlMs a fraction', { l1MaxTtlMs: 0.5 }],
    ['jitter over a half', { jitter: 0.6 }],
    ['refreshAhead negative', { refreshAhead: -0.1 }],
    ['an option that does not exist', { ttl: 60 } as ReadOptions],
    ['an unknown serialiser', { serializer: 'xml' as 'json' }],
  ])(
    '%s is a typed error, whether the value is cached or not, and nothing is loaded',
    async (_name, options) => {
      const { cache } = await fixture.caches.open(fixture.prefix);
      await expect(cache.getOrLoad('user', '1', never, options)).rejects.toThrow(CacheCallError);
      await cache.getOrLoad('user', '1', load);
      await expect(cache.getOrLoad('user', '1', never, options)).rejects.toThrow(CacheCallError);
      await expect(cache.getMany('user', ['1'], never, options)).rejects.toThrow(CacheCallError);
      await expect(cache.set('user', '1', 'v', options)).rejects.toThrow(CacheCallError);
      expect(await cache.getOrLoad('user', '1', never)).toBe('v');
    },
  );

  it('hold for that call: its TTL, not the namespace’s', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await cache.getOrLoad('user', '1', load, { ttlMs: 5_000, jitter: 0 });
    await cache.set('user', '2', 'v', { ttlMs: 7_000, jitter: 0 });
    const [first, second] = await Promise.all(
      ['1', '2'].map((id) => fixture.redis.pttl(fixture.valueKey('user', id))),
    );
    expect(first).toSatisfy((ms: number) => ms > 3_000 && ms <= 5_000);
    expect(second).toSatisfy((ms: number) => ms > 5_000 && ms <= 7_000);
  });
});

describe('a loader', () => {
  it.each([
    ['rejects', () => Promise.reject(new TypeError('database'))],
    [
      'throws at once',
      (): Promise<string> => {
        throw new TypeError('database');
      },
    ],
  ])('that %s: its own error is passed on, and nothing is cached', async (_name, loader) => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await expect(cache.getOrLoad('user', '1', loader)).rejects.toThrow(new TypeError('database'));
    expect(await fixture.redis.exists(fixture.valueKey('user', '1'))).toBe(0);
    expect(await cache.getOrLoad('user', '1', load)).toBe('v');
  });

  it('that is none is a TypeError, and the key stays free', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await expect(cache.getOrLoad('user', '1', undefined as never)).rejects.toThrow(TypeError);
    expect(await cache.getOrLoad('user', '1', load)).toBe('v');
  });

  it('with an id that is no text is a typed error', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    await expect(cache.getOrLoad('user', 7 as unknown as string, load)).rejects.toThrow(CacheCallError);
  });
});

describe('an id that is not well-formed', () => {
  it('is a typed error of every call: in UTF-8 it would be another one’s', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const half = '\ud800';
    await expect(cache.getOrLoad('user', half, never)).rejects.toThrow(CacheCallError);
    await expect(cache.getMany('user', [half], never)).rejects.toThrow(CacheCallError);
    await expect(cache.set('user', half, 'v')).rejects.toThrow(CacheCallError);
    await expect(cache.invalidate('user', half)).rejects.toThrow(CacheCallError);
    expect(await cache.getOrLoad('user', '😀', load)).toBe('v');
  });
});

describe('a warm-up', () => {
  it.each([{ batchSize: 0 }, { batchSize: 1.5 }, { concurrency: 0 }])(
    'with %j is a typed error',
    async (options) => {
      const { cache } = await fixture.caches.open(fixture.prefix);
      const entries = [{ namespace: 'user', ids: ['1'], loadMany: never }];
      await expect(cache.warm(entries, options)).rejects.toThrow(CacheCallError);
    },
  );
});
