import { describe, expect, it } from 'vitest';
import { UncacheableValueError } from './cache.errors.js';
import { HEADER_LENGTH } from './l2/lease-scripts.js';
import { encodeValue, serializers } from './serializing/serializer.js';
import { never, useCaches } from './testing/cache-fixture.js';

const fixture = useCaches();
const skipL1 = { skipL1: true };
const HOUR = { ttlMs: 3_600_000 };
const json = { user: HOUR };
const msgpack = { user: { ...HOUR, serializer: 'msgpack' as const } };

describe('a value', () => {
  it('naive twin: behind `if (cached)`, 0, "" and false are loaded each time', async () => {
    const { redis, prefix } = fixture;
    let loads = 0;
    const naive = async (): Promise<unknown> => {
      const cached: unknown = JSON.parse((await redis.get(prefix)) ?? 'null');
      if (cached) return cached;
      loads += 1;
      await redis.set(prefix, JSON.stringify(0));
      return 0;
    };
    await naive();
    await naive();
    expect(loads).toBe(2);
  });

  it.each([
    ['json', [0, '', false, 'N', 'null', [], {}]],
    [
      'msgpack',
      [0, '', false, 5n, 2n ** 80n, new Date(123), new Map([[1, 'x']]), new Set(['a']), Number.NaN],
    ],
  ] as const)('comes back from both levels as it was loaded, by %s', async (serializer, values) => {
    const { cache: a } = await fixture.caches.open(fixture.prefix, {
      namespaces: { user: { ...HOUR, serializer } },
    });
    const { cache: b } = await fixture.caches.open(fixture.prefix, { namespaces: json });
    for (const [i, value] of values.entries()) {
      const id = String(i);
      expect(await a.getOrLoad<unknown>('user', id, async () => value)).toStrictEqual(value);
      expect(await a.getOrLoad('user', id, never)).toStrictEqual(value);
      expect(await a.getOrLoad('user', id, never, skipL1)).toStrictEqual(value);
      expect(await b.getOrLoad('user', id, never)).toStrictEqual(value);
    }
  });

  it.each([
    ['a function', () => () => 1],
    ['a BigInt', () => 1n],
    ['a Date', () => new Date()],
    ['a Map', () => new Map()],
  ])(
    'that is %s is refused by JSON at the first load, nothing is stored, and the key is free',
    async (_name, make) => {
      const { cache } = await fixture.caches.open(fixture.prefix);
      await expect(cache.getOrLoad<unknown>('user', '1', async () => make())).rejects.toThrow(
        UncacheableValueError,
      );
      await expect(cache.set('user', '1', make())).rejects.toThrow(UncacheableValueError);
      expect(await fixture.redis.exists(fixture.valueKey('user', '1'))).toBe(0);
      expect(await cache.getOrLoad('user', '1', async () => 'v')).toBe('v');
    },
  );

  it('over the size limit is served, not stored, and counted', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix, { maxValueBytes: 1_000 });
    const large = 'x'.repeat(1_000);
    expect(await cache.getOrLoad('user', '1', async () => large)).toBe(large);
    expect(await fixture.redis.exists(fixture.valueKey('user', '1'))).toBe(0);
    expect(cache.stats()).toMatchObject({ l1: { entries: 0 }, namespaces: { user: { oversize: 1 } } });
    expect(await cache.getOrLoad('user', '1', async () => 'small')).toBe('small');
    await cache.set('user', '1', large);
    expect(await cache.getOrLoad('user', '1', async () => 'read anew')).toBe('read anew');
  });
});

describe('a deploy that changes the serialiser', () => {
  it('naive twin: a reader that takes all bytes for JSON fails on the other version’s, and on damaged ones', async () => {
    const { redis, prefix } = fixture;
    const read = async (): Promise<unknown> => JSON.parse((await redis.get(prefix))!);
    await redis.set(prefix, encodeValue({ by: 'msgpack' }, serializers.msgpack));
    await expect(read()).rejects.toThrow(SyntaxError);
    await redis.set(prefix, '{"name":"go');
    await expect(read()).rejects.toThrow(SyntaxError);
  });

  it('has both versions read and invalidate each other’s values', async () => {
    const { cache: old } = await fixture.caches.open(fixture.prefix, { namespaces: json });
    const { cache: fresh } = await fixture.caches.open(fixture.prefix, { namespaces: msgpack });
    await old.getOrLoad('user', '1', async () => ({ by: 'json' }));
    await fresh.getOrLoad('user', '2', async () => ({ by: 'msgpack' }));
    expect(await fresh.getOrLoad('user', '1', never)).toEqual({ by: 'json' });
    expect(await old.getOrLoad('user', '2', never)).toEqual({ by: 'msgpack' });
    await old.invalidate('user', '2');
    expect(await fresh.getOrLoad('user', '2', async () => 'new', skipL1)).toBe('new');
  });

  it('to one that this version does not know is a miss, and the value is replaced', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const { cache: other } = await fixture.caches.open(fixture.prefix);
    await cache.getOrLoad('user', '1', async () => 'good');
    const key = fixture.valueKey('user', '1');
    const bytes = (await fixture.redis.getBuffer(key))!;
    bytes[HEADER_LENGTH] = 0x7f;
    await fixture.redis.set(key, bytes, 'PX', 60_000);
    expect(await other.getOrLoad('user', '1', async () => 'loaded anew')).toBe('loaded anew');
    expect(await other.getOrLoad('user', '1', never, skipL1)).toBe('loaded anew');
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, -3)],
    ['shorter than their head', (bytes: Buffer) => bytes.subarray(0, 20)],
    ['overwritten', () => Buffer.from('plain text from another app')],
    ['empty', () => Buffer.alloc(0)],
  ])('leaves bytes that are %s behind: a miss', async (_name, damage) => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const key = fixture.valueKey('user', '1');
    await cache.getOrLoad('user', '1', async () => ({ name: 'good' }));
    await fixture.redis.set(key, damage((await fixture.redis.getBuffer(key))!), 'PX', 60_000);
    expect(await cache.getOrLoad('user', '1', async () => 'loaded anew', skipL1)).toBe('loaded anew');
    expect(await cache.getOrLoad('user', '1', never, skipL1)).toBe('loaded anew');
  });
});

describe('the version of a namespace', () => {
  const versions = [0, 1, 2, 255].map((version) => ({ user: { ...HOUR, version } }));

  it('has values of another one loaded anew, and nothing is lost of what is absent', async () => {
    const caches = await Promise.all(
      versions.map((namespaces) => fixture.caches.open(fixture.prefix, { namespaces })),
    );
    for (const [i, { cache }] of caches.entries()) {
      expect(await cache.getOrLoad<unknown>('user', '1', async () => ({ shape: i }))).toEqual({ shape: i });
      expect(await cache.getOrLoad('user', '1', never, skipL1)).toEqual({ shape: i });
    }
    expect(await caches[0]!.cache.getOrLoad('user', '2', async () => null)).toBeNull();
    for (const { cache } of caches) expect(await cache.getOrLoad('user', '2', never)).toBeNull();
  });

  it('is no other key: what a release of one version invalidates, a release of another does not serve', async () => {
    const [before, after] = await Promise.all(
      [0, 1].map((i) => fixture.caches.open(fixture.prefix, { namespaces: versions[i]! })),
    );
    await after!.cache.getOrLoad('user', '1', async () => 'old');
    await before!.cache.invalidate('user', '1');
    expect(await after!.cache.getOrLoad('user', '1', async () => 'new', skipL1)).toBe('new');
  });
});
