import { eventually, type RedisServerFixture } from '@fourfold-tools/testing';
import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, it } from 'vitest';
import { GatedLoader } from './testing/gated-loader.js';
import { NaiveCache } from './testing/naive-cache.js';
import { useCaches } from './testing/cache-fixture.js';
import { inUse, type TestCaches } from './testing/test-caches.js';

const fixture = useCaches();
let server: RedisServerFixture;
let redis: Redis;
let caches: TestCaches;
let prefix: string;
let database: string;

beforeEach(() => void ({ server, redis, caches, prefix } = fixture));
beforeEach(() => {
  database = 'old';
});

const load = async (): Promise<string> => database;

/** Each timeline is told twice: to the plain cache, which goes stale, and to ours, which does not. */
describe('an invalidate during a fill', () => {
  it('naive twin: the fill puts the old value back', async () => {
    const naive = new NaiveCache(redis);
    const gated = new GatedLoader(() => database);
    const reader = naive.getOrLoad(prefix, gated.load);
    await gated.started;
    database = 'new';
    await naive.invalidate(prefix);
    gated.release();
    await reader;
    expect(await naive.getOrLoad(prefix, load)).toBe('old');
  });

  it('of the same process: the fill is refused', async () => {
    const { cache } = await caches.open(prefix);
    const gated = new GatedLoader(() => database);
    const reader = cache.getOrLoad('user', '1', gated.load);
    await gated.started;
    database = 'new';
    expect(await cache.invalidate('user', '1')).toEqual({ deferred: false });
    gated.release();
    expect(await reader).toBe('old');
    expect(await cache.getOrLoad('user', '1', load)).toBe('new');
    expect(cache.stats().namespaces['user']?.refusedFills).toBe(1);
  });

  it('of another process: the fill is refused in Redis and in L1', async () => {
    const { cache: a } = await caches.open(prefix);
    const { cache: b } = await caches.open(prefix);
    const gated = new GatedLoader(() => database);
    const reader = a.getOrLoad('user', '1', gated.load);
    await gated.started;
    database = 'new';
    await b.invalidate('user', '1');
    gated.release();
    await reader;
    expect(await a.getOrLoad('user', '1', load)).toBe('new');
    expect(await b.getOrLoad('user', '1', load)).toBe('new');
  });

  it('of a batch: only the invalidated key’s fill is refused', async () => {
    const { cache } = await caches.open(prefix);
    const gated = new GatedLoader(
      () =>
        new Map([
          ['1', database],
          ['2', database],
        ]),
    );
    const reader = cache.getMany('user', ['1', '2'], gated.load);
    await gated.started;
    database = 'new';
    await cache.invalidate('user', '1');
    gated.release();
    await reader;
    expect(await cache.getOrLoad('user', '1', load)).toBe('new');
    expect(await cache.getOrLoad('user', '2', load)).toBe('old');
  });
});

describe('a set during a fill', () => {
  it('naive twin: the older fill overwrites it', async () => {
    const naive = new NaiveCache(redis);
    const gated = new GatedLoader(() => database);
    const reader = naive.getOrLoad(prefix, gated.load);
    await gated.started;
    await naive.set(prefix, 'new');
    gated.release();
    await reader;
    expect(await naive.getOrLoad(prefix, load)).toBe('old');
  });

  it.each(['the same', 'another'])('by %s process is not overtaken', async (whose) => {
    const { cache: a } = await caches.open(prefix);
    const { cache: b } = await caches.open(prefix);
    const gated = new GatedLoader(() => database);
    const reader = a.getOrLoad('user', '1', gated.load);
    await gated.started;
    await (whose === 'another' ? b : a).set('user', '1', 'new');
    gated.release();
    expect(await reader).toBe('old');
    expect(await a.getOrLoad('user', '1', load)).toBe('new');
    expect(await b.getOrLoad('user', '1', load)).toBe('new');
  });
});

describe('a caller that comes after an invalidate', () => {
  it('naive twin: a map of promises lets it join the flight from before', async () => {
    const flights = new Map<string, Promise<string>>();
    const gated = new GatedLoader(() => database);
    flights.set('1', gated.load());
    database = 'new';
    await new NaiveCache(redis).invalidate(prefix);
    const late = flights.get('1') ?? load();
    gated.release();
    expect(await late).toBe('old');
  });

  it('of the same process loads for itself, while the old flight is still in the air', async () => {
    const { cache } = await caches.open(prefix);
    const gated = new GatedLoader(() => database);
    const early = cache.getOrLoad('user', '1', gated.load);
    await gated.started;
    database = 'new';
    await cache.invalidate('user', '1');
    expect(await cache.getOrLoad('user', '1', load)).toBe('new');
    gated.release();
    expect(await early).toBe('old');
    expect(await cache.getOrLoad('user', '1', load)).toBe('new');
    expect(await cache.getOrLoad('user', '1', load, { skipL1: true })).toBe('new');
  });

  it('of another process does so as soon as L1 is skipped, message heard or not', async () => {
    const { cache: a } = await caches.open(prefix);
    const { cache: b } = await caches.open(prefix);
    const gated = new GatedLoader(() => database);
    const early = a.getOrLoad('user', '1', gated.load);
    await gated.started;
    database = 'new';
    await b.invalidate('user', '1');
    expect(await a.getOrLoad('user', '1', load, { skipL1: true })).toBe('new');
    gated.release();
    await early;
  });
});

describe('the L1 of another process', () => {
  it('naive twin: keeps the old value', async () => {
    const [a, b] = [new NaiveCache(redis), new NaiveCache(redis)];
    await b.getOrLoad(prefix, load);
    database = 'new';
    await a.invalidate(prefix);
    expect(await b.getOrLoad(prefix, load)).toBe('old');
  });

  it('drops it when the message comes, and only that key', async () => {
    const { cache: a } = await caches.open(prefix);
    const { cache: b } = await caches.open(prefix);
    await b.getMany('user', ['1', '2'], async (ids) => new Map(ids.map((id) => [id, database])));
    database = 'new';
    await a.invalidate('user', '1');
    await eventually(async () => (await b.getOrLoad('user', '1', load)) === 'new');
    expect(await b.getOrLoad('user', '2', load)).toBe('old');
  });

  it('naive twin: hears messages, and serves on from L1 when its subscription was cut off meanwhile', async () => {
    const l1 = new Map([['1', 'old']]);
    const subscriber = server.client();
    subscriber.on('message', (_channel, key) => l1.delete(key));
    await subscriber.subscribe(prefix);
    await redis.client('KILL', 'TYPE', 'pubsub');
    database = 'new';
    expect(await redis.publish(prefix, '1')).toBe(0);
    await eventually(() => subscriber.status === 'ready');
    expect(l1.get('1')).toBe('old');
    subscriber.disconnect();
  });

  it('is not served while messages cannot be heard, and is empty when they can be again', async () => {
    await redis.call('ACL', 'SETUSER', 'deaf', 'on', '>secret', '~*', '&*', '+@all');
    const a = await caches.open(prefix);
    const redisUrl = server.url.replace('//', '//deaf:secret@');
    const b = await caches.open(prefix, { redis: redisUrl });
    await b.cache.getOrLoad('user', '1', load);
    await b.cache.getOrLoad('user', '2', load);

    // Taking a user's channels away closes its subscription and refuses the next one.
    await redis.call('ACL', 'SETUSER', 'deaf', 'resetchannels');
    await eventually(() => !b.bus.live);
    database = 'new';
    await a.cache.invalidate('user', '1');
    expect(await b.cache.getOrLoad('user', '1', load)).toBe('new');
    expect(b.cache.stats().l1).toMatchObject({ state: 'suspended', entries: 0 });

    await redis.call('ACL', 'SETUSER', 'deaf', 'allchannels');
    await inUse(b);
    expect(b.cache.stats().l1).toMatchObject({ state: 'serving', entries: 0 });
    expect(await b.cache.getOrLoad('user', '1', load)).toBe('new');
  });
});
