import { eventually, gate, RedisServerFixture } from '@fourfold-tools/testing';
import { ManualClock } from '@fourfold/kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LoadLimitError } from './cache.errors.js';
import { turnsDuring } from './testing/event-loop.turns.js';
import { freshPrefix, IMPATIENT, inUse, TestCaches } from './testing/test-caches.js';

let server: RedisServerFixture;
let caches: TestCaches;
let prefix: string;
let database: string;

beforeEach(async () => {
  server = await RedisServerFixture.reserve();
  caches = new TestCaches(server.url);
  prefix = freshPrefix();
  database = 'old';
});
afterEach(async () => {
  caches.closeAll();
  await server.dispose();
});

const load = async (): Promise<string> => database;

describe('while Redis is away, L1', () => {
  it('keeps what is loaded for five seconds, however long its TTL', async () => {
    const clock = new ManualClock(1_000_000);
    const { cache } = caches.make(prefix, {}, { clock });
    await cache.getOrLoad('user', '1', load);
    database = 'new';
    clock.advance(4_999);
    expect(await cache.getOrLoad('user', '1', load)).toBe('old');
    clock.advance(1);
    expect(await cache.getOrLoad('user', '1', load)).toBe('new');
  });

  it('drops at once what this process invalidates', async () => {
    const { cache } = caches.make(prefix);
    await cache.getOrLoad('user', '1', load);
    database = 'new';
    expect(await cache.invalidate('user', '1')).toEqual({ deferred: true });
    expect(await cache.getOrLoad('user', '1', load)).toBe('new');
  });

  it('is emptied when it leaves and when it is back: what it held before or meanwhile is not served', async () => {
    await server.start();
    const a = await caches.open(prefix);
    await a.cache.getOrLoad('user', '1', load);
    await server.kill();
    await eventually(() => a.cache.stats().l1.state === 'alone');
    database = 'meanwhile';
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('meanwhile');
    database = 'new';
    await server.start();
    await inUse(a);
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
  });
});

describe('while Redis is away, loads', () => {
  it('of 1,000 ids that do not exist leave a turn to others after every 200, however quick the loader is', async () => {
    const { cache } = caches.make(prefix);
    const ids = Array.from({ length: 1_000 }, (_, i) => `absent-${i}`);
    const turns = await turnsDuring(() => cache.getMany('stock', ids, async () => new Map()));
    expect(turns).toBeGreaterThanOrEqual(1_000 / 200 - 1);
  });

  it('stand behind a limit: so many at once, so many in line, and for one more an error that says to come again', async () => {
    const { cache } = caches.make(prefix, { maxLoadsWhileAway: 4, maxQueuedLoads: 6 });
    const [opened, running] = [gate(), { now: 0, most: 0 }];
    const loader = async (): Promise<string> => {
      running.now += 1;
      running.most = Math.max(running.most, running.now);
      await opened.passed;
      running.now -= 1;
      return 'v';
    };
    const reads = Array.from({ length: 11 }, (_, i) => cache.getOrLoad('user', String(i), loader));
    const refused = await reads[10]!.catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LoadLimitError);
    expect(refused).toMatchObject({ status: 503, retryAfterSeconds: 1 });
    opened.open();
    expect(await Promise.all(reads.slice(0, 10))).toEqual(Array(10).fill('v'));
    expect(running.most).toBe(4);
  });

  it('stand behind it from the first command on that is not answered, before the circuit opens', async () => {
    await server.start();
    const { cache } = await caches.open(prefix, { ...IMPATIENT, maxLoadsWhileAway: 4 });
    const running = { now: 0, most: 0 };
    const loader = async (): Promise<string> => {
      running.now += 1;
      running.most = Math.max(running.most, running.now);
      await new Promise(setImmediate);
      running.now -= 1;
      return 'v';
    };
    server.freeze();
    await Promise.all(Array.from({ length: 100 }, (_, i) => cache.getOrLoad('user', String(i), loader)));
    expect(running.most).toBe(4);
    server.thaw();
  });

  it('that hang give their place back', async () => {
    const { cache } = caches.make(prefix, { maxLoadsWhileAway: 1, loadTimeoutMs: 50 });
    const hung = cache.getOrLoad('user', '1', () => new Promise<never>(() => {}));
    await expect(hung).rejects.toThrow('50 ms');
    expect(await cache.getOrLoad('user', '2', load)).toBe('old');
  });

  it('that ask for others run those in their own place', async () => {
    const { cache } = caches.make(prefix, { maxLoadsWhileAway: 1, loadTimeoutMs: 2_000 });
    const outer = () => cache.getOrLoad('stock', '1', load);
    expect(await cache.getOrLoad('user', '1', outer)).toBe('old');
  });

  it('are not limited so narrowly while it is there', async () => {
    await server.start();
    const { cache } = await caches.open(prefix, { maxLoadsWhileAway: 1, maxQueuedLoads: 1 });
    const opened = gate();
    const loader = vi.fn(async () => {
      await opened.passed;
      return 'v';
    });
    const reads = Array.from({ length: 50 }, (_, i) => cache.getOrLoad('user', String(i), loader));
    await eventually(() => loader.mock.calls.length === 50);
    opened.open();
    await Promise.all(reads);
  });
});

describe('a Redis that does not answer', () => {
  it('is tried by no call any more once the circuit is open, and taken up again when it answers', async () => {
    await server.start();
    const a = await caches.open(prefix, { commandTimeoutMs: 50 });
    server.freeze();
    await eventually(async () => {
      await a.cache.getOrLoad('user', '1', load, { skipL1: true });
      return a.l2.state === 'away';
    });
    const errors = a.cache.stats().l2.errors;
    for (let i = 0; i < 100; i += 1) await a.cache.getOrLoad('user', String(i), load, { skipL1: true });
    expect(a.cache.stats().l2.errors).toBe(errors);
    server.thaw();
    await inUse(a);
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('old');
  });
});

describe('a Redis that is full and evicts nothing', () => {
  it('goes on serving what it has; what it can’t take is loaded, and an invalidate is done', async () => {
    await server.start();
    const a = await caches.open(prefix);
    await a.cache.getOrLoad('user', '1', load);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    expect(await a.cache.getOrLoad('user', '1', load, { skipL1: true })).toBe('old');
    database = 'new';
    expect(await a.cache.getOrLoad('user', '2', load)).toBe('new');
    expect(await a.cache.invalidate('user', '1')).toEqual({ deferred: false });
    expect(await a.cache.getOrLoad('user', '1', load)).toBe('new');
    expect(a.l2.state).toBe('trusted');
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    expect(await a.cache.getOrLoad('user', '3', load)).toBe('new');
  });
});

describe('a Redis that evicts everything it is given', () => {
  it('costs loads and no truth', async () => {
    await server.start();
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random');
    const a = await caches.open(prefix);
    const b = await caches.open(prefix);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    for (let i = 0; i < 50; i += 1) {
      database = `version ${i}`;
      await (i % 2 ? a : b).cache.invalidate('user', '1');
      expect(await a.cache.getOrLoad('user', '1', load, { skipL1: true })).toBe(database);
      expect(await b.cache.getOrLoad('user', '1', load, { skipL1: true })).toBe(database);
    }
  });
});
