import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NaiveCache } from './testing/naive-cache.js';
import { freshPrefix, inUse, TestCaches } from './testing/test-caches.js';

let server: RedisServerFixture;
let redis: Redis;
let caches: TestCaches;
let prefix: string;
let database: string;

beforeEach(async () => {
  server = await RedisServerFixture.reserve();
  redis = server.client();
  caches = new TestCaches(server.url);
  prefix = freshPrefix();
  database = 'old';
});
afterEach(async () => {
  caches.closeAll();
  redis.disconnect();
  await server.dispose();
});

const load = async (): Promise<string> => database;

describe('Redis killed', () => {
  it('reads work, an invalidate says deferred, and nothing old is served when Redis is back', async () => {
    await server.start();
    const a = await caches.open(prefix);
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('old');

    await server.kill();
    await eventually(() => !a.l2.trusted && !a.bus.live);
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('old');
    database = 'new';
    expect(await a.cache.invalidate('user', '1')).toEqual({ deferred: true });
    expect(await a.cache.set('user', '2', 'x')).toEqual({ deferred: true });
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
    expect(
      await a.cache.getMany('user', ['1', '3'], async (ids) => new Map(ids.map((id) => [id, database]))),
    ).toEqual(
      new Map([
        ['1', 'new'],
        ['3', 'new'],
      ]),
    );
    expect(a.cache.stats().l2).toMatchObject({ state: 'away', pendingInvalidations: 2 });
    expect(a.cache.stats().namespaces['user']?.deferredInvalidations).toBe(2);

    await server.start();
    await inUse(a);
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
    expect(a.cache.stats().l2).toMatchObject({ state: 'trusted', pendingInvalidations: 0 });
    const loader = vi.fn(load);
    await a.cache.getOrLoad('user', '1', loader);
    expect(loader).not.toHaveBeenCalled();
  });

  it('in the middle of reads: every one of them is answered', async () => {
    await server.start();
    const { cache } = await caches.open(prefix);
    const reads = Array.from({ length: 200 }, (_, i) => cache.getOrLoad('user', String(i), load));
    const [answers] = await Promise.all([Promise.all(reads), server.kill()]);
    expect(new Set(answers)).toEqual(new Set(['old']));
  });

  it('without it, one load still serves all callers of a moment', async () => {
    const { cache } = caches.make(prefix);
    const loader = vi.fn(load);
    await Promise.all(Array.from({ length: 100 }, () => cache.getOrLoad('user', '1', loader)));
    expect(loader).toHaveBeenCalledOnce();
  });
});

describe('Redis restarted from its disk, with a value that was invalidated since', () => {
  it('naive twin: the old value is back', async () => {
    await server.start();
    const naive = new NaiveCache(redis);
    await naive.getOrLoad(prefix, load);
    await redis.save();
    database = 'new';
    await naive.invalidate(prefix);
    await server.kill();
    await server.start();
    await eventually(() => redis.status === 'ready');
    expect(await naive.getOrLoad(prefix, load)).toBe('old');
  });

  it('another run of the server voids what it holds', async () => {
    await server.start();
    const a = await caches.open(prefix);
    const b = await caches.open(prefix);
    await a.cache.getOrLoad('user', '1', load);
    await redis.save();
    database = 'new';
    await a.cache.invalidate('user', '1');
    await server.kill();
    await eventually(() => !a.l2.trusted && !b.l2.trusted);
    await server.start();
    await Promise.all([inUse(a), inUse(b)]);
    expect(await redis.keys(`${prefix}:v:*`)).toHaveLength(1);
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
    expect(await b.cache.getOrLoad('user', '1', load)).toBe('new');
  });

  it('a reconnect to the same run keeps it', async () => {
    await server.start();
    const a = await caches.open(prefix);
    await a.cache.getOrLoad('user', '1', load);
    await redis.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(() => !a.l2.trusted);
    await inUse(a);
    database = 'new';
    expect(await a.cache.getOrLoad('user', '1', load, { skipL1: true })).toBe('old');
  });
});

describe('an invalidate that Redis refuses while the connection stands', () => {
  const forbid = () => redis.call('ACL', 'SETUSER', 'limited', '-unlink', '-publish');
  const allow = () => redis.call('ACL', 'SETUSER', 'limited', '+unlink', '+publish');
  const openLimited = async (options: { maxPendingInvalidations?: number } = {}) => {
    await server.start();
    await redis.call('ACL', 'SETUSER', 'limited', 'on', '>secret', '~*', '&*', '+@all');
    return caches.open(prefix, { ...options, redis: server.url.replace('//', '//limited:secret@') });
  };

  it('naive twin: is taken for done, and the old value stays', async () => {
    await server.start();
    const naive = new NaiveCache(redis);
    await naive.getOrLoad(prefix, load);
    database = 'new';
    await redis.call('ACL', 'SETUSER', 'default', '-del');
    await naive.invalidate(prefix);
    await redis.call('ACL', 'SETUSER', 'default', '+del');
    expect(await naive.getOrLoad(prefix, load)).toBe('old');
  });

  it('is deferred; Redis is not read until it has been applied', async () => {
    const a = await openLimited();
    const b = await caches.open(prefix);
    await a.cache.getOrLoad('user', '1', load);
    await forbid();
    database = 'new';
    expect(await a.cache.invalidate('user', '1')).toEqual({ deferred: true });
    expect(a.l2.trusted).toBe(false);
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
    expect(await b.cache.getOrLoad('user', '1', load)).toBe('old');

    await allow();
    await eventually(() => a.l2.trusted && a.l2.pendingInvalidations === 0);
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
    await eventually(async () => (await b.cache.getOrLoad('user', '1', load)) === 'new');
  });

  it('a read between its call and its failure leaves nothing old in L1', async () => {
    const a = await openLimited();
    const b = await caches.open(prefix);
    await b.cache.getOrLoad('user', '1', load);
    await forbid();
    database = 'new';
    const [outcome, between] = await Promise.all([
      a.cache.invalidate('user', '1'),
      a.cache.getOrLoad('user', '1', load),
    ]);
    expect([outcome.deferred, between]).toEqual([true, 'old']);
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
  });

  it('too many to remember: everything is flushed instead, in every process', async () => {
    const a = await openLimited({ maxPendingInvalidations: 2 });
    const b = await caches.open(prefix);
    await b.cache.getMany(
      'user',
      ['1', '2', '3', '4'],
      async (ids) => new Map(ids.map((id) => [id, database])),
    );
    await forbid();
    database = 'new';
    await a.cache.invalidate('user', '1', '2', '3');
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
    await allow();
    await eventually(() => a.l2.trusted);
    for (const id of ['1', '2', '3', '4']) {
      expect(await a.cache.getOrLoad('user', id, load)).toBe('new');
      await eventually(async () => (await b.cache.getOrLoad('user', id, load)) === 'new');
    }
  });
});

describe('Redis frozen', () => {
  it('nothing waits for longer than the command timeout; soon nothing waits at all; nothing old comes back', async () => {
    await server.start();
    const a = await caches.open(prefix, { commandTimeoutMs: 100 });
    await a.cache.getOrLoad('user', '1', load);
    server.freeze();
    database = 'new';
    expect(await a.cache.invalidate('user', '1')).toEqual({ deferred: true });
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
    for (let i = 0; i < 50; i += 1) await a.cache.getOrLoad('user', String(i), load);
    // Each command that Redis does not answer is an error: the 50 reads have not waited for one each.
    console.log({ unanswered: a.l2.errors });
    expect(a.l2.errors).toBeGreaterThan(0);
    expect(a.l2.errors).toBeLessThan(10);
    await eventually(() => !a.bus.live);

    server.thaw();
    await inUse(a);
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
  });

  it('a server that stops answering is dropped, and reads stop trying it', async () => {
    await server.start();
    const a = await caches.open(prefix, { commandTimeoutMs: 50 });
    server.freeze();
    await eventually(async () => {
      await a.cache.getOrLoad('user', '1', load, { skipL1: true });
      return a.l2.state === 'away';
    });
    server.thaw();
    await inUse(a);
  });
});

describe('boot while Redis is away', () => {
  it('goes on after its wait, works by the loaders, and takes Redis up when it comes', async () => {
    const a = caches.make(prefix, { startupWaitMs: 50 });
    await a.start();
    expect(a.l2.state).toBe('away');
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('old');
    expect(await a.cache.invalidate('user', '1')).toEqual({ deferred: true });
    await server.start();
    await inUse(a);
    expect(a.l2.pendingInvalidations).toBe(0);
    await a.cache.getOrLoad('user', '1', load);
    database = 'new';
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('old');
  });
});
