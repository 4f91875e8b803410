import { eventually, gate, RedisServerFixture } from '@fourfold-tools/testing';
import { ManualClock } from '@fourfold/kernel';
import type { Cache } from 'cache-manager';
import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, it } from 'vitest';
import { UncacheableValueError } from '../cache.errors.js';
import type { CachePorts } from '../assemble-cache.js';
import type { MultiLevelCache } from '../multi-level-cache.js';
import { NaiveCacheManager } from '../testing/naive-cache-manager.js';
import { useCaches } from '../testing/cache-fixture.js';
import { TestCaches } from '../testing/test-caches.js';
import { createMultiLevelCacheManager } from './cache-manager.facade.js';

const namespaces = { 'cache-manager': { ttlMs: 3_600_000 }, user: { ttlMs: 3_600_000 } };

const fixture = useCaches();
let redis: Redis;
let caches: TestCaches;
let prefix: string;
let naive: NaiveCacheManager;
beforeEach(() => void ({ redis, caches, prefix } = fixture));
beforeEach(async () => {
  await redis.flushdb();
  naive = new NaiveCacheManager(redis);
});

/** As another process would have it. */
async function open(ports: CachePorts = {}): Promise<{ manager: Cache; cache: MultiLevelCache }> {
  const { cache } = await caches.open(prefix, { namespaces }, ports);
  return { manager: createMultiLevelCacheManager(cache), cache };
}

const never = (): Promise<never> => Promise.reject(new Error('must not be loaded'));
/** All that Redis holds, as text. */
const stored = async (): Promise<string> => {
  const keys = await redis.keys('*');
  return (await Promise.all(keys.map((key) => redis.get(key)))).join('\n');
};

describe('unlike cache-manager over Redis, this', () => {
  it('fills L1 from an L2 hit of get', async () => {
    await naive.redis.set('k', 'v');
    expect(await naive.manager.get('k')).toBe('v');
    expect(await naive.memory.get('k')).toBeUndefined();

    await (await open()).manager.set('k', 'v');
    const b = await open();
    expect(b.cache.stats().l1.entries).toBe(0);
    expect(await b.manager.get('k')).toBe('v');
    expect(b.cache.stats().l1.entries).toBe(1);
  });

  it('keeps what wrap found in L2 no longer in L1 than L2 does', async () => {
    await naive.redis.set('k', 'v', 5_000);
    await naive.manager.wrap('k', never, 60_000);
    expect((await naive.memory.getRaw('k'))!.expires! - Date.now()).toBeGreaterThan(50_000);

    const clock = new ManualClock(Date.now());
    await (await open()).manager.set('k', 'v', 5_000);
    const b = await open({ clock });
    expect(await b.manager.wrap('k', never, 60_000)).toBe('v');
    expect(await b.manager.wrap('k', never, 60_000)).toBe('v');
    expect(b.cache.stats().namespaces['cache-manager']).toMatchObject({ l1Hits: 1, l2Hits: 1 });
    clock.advance(5_000);
    expect(await b.manager.wrap('k', never, 60_000)).toBe('v');
    expect(b.cache.stats().namespaces['cache-manager']).toMatchObject({ l1Hits: 1, l2Hits: 2 });
  });

  it('clears its namespace in every process, and nothing else', async () => {
    await redis.set('of-another-application', '1');
    await naive.manager.clear();
    expect(await redis.get('of-another-application')).toBeNull();

    await redis.set('of-another-application', '1');
    const [a, b] = [await open(), await open()];
    await a.cache.set('user', '1', 'Ada');
    await a.manager.set('k', 'v');
    expect(await b.manager.get('k')).toBe('v');
    expect(await a.manager.clear()).toBe(true);
    expect(await a.manager.get('k')).toBeUndefined();
    await eventually(async () => (await b.manager.get('k')) === undefined);
    expect(await a.cache.peek('user', '1')).toEqual({ value: 'Ada' });
    expect(await redis.get('of-another-application')).toBe('1');
  });

  it('gives text back as text, whatever it looks like', async () => {
    const text = '_function_spell|() => { globalThis.enchanted = true; }';
    await naive.telejson.set('k', text);
    expect(await naive.telejson.get('k')).toBeTypeOf('function');

    const [a, b] = [await open(), await open()];
    await a.manager.set('k', text);
    await a.manager.wrap('w', () => ({ then: text }));
    expect(await b.manager.get('k')).toBe(text);
    expect(await b.manager.wrap('w', never)).toEqual({ then: text });
    expect(globalThis).not.toHaveProperty('enchanted');
  });

  it('encodes once', async () => {
    await naive.redis.set('k', { name: 'Ada' });
    expect(await stored()).toContain('\\"name\\"');
    await redis.flushdb();

    const { manager } = await open();
    await manager.set('k', { name: 'Ada' });
    expect(await stored()).toContain('"name"');
    expect(await stored()).not.toContain('\\"');
  });

  it('says what is wrong with a TTL or a value', async () => {
    await naive.redis.set('k', 'v', 1.5);
    expect(await redis.keys('*k')).toEqual([]);

    const { manager } = await open();
    const typedError = { code: expect.stringMatching(/^cache-/) };
    for (const ttlMs of [1.5, -1, 2 ** 31, Number.NaN]) {
      await expect(manager.set('k', 'v', ttlMs)).rejects.toMatchObject(typedError);
      await expect(manager.wrap('k', () => 'v', ttlMs)).rejects.toMatchObject(typedError);
      if (ttlMs === 2 ** 31) continue;
      await expect(
        manager.wrap(
          'k',
          () => 'v',
          () => ttlMs,
        ),
      ).rejects.toMatchObject(typedError);
    }
    await expect(manager.set('k', new Map())).rejects.toThrow(UncacheableValueError);
    await expect(manager.wrap('k', () => new Map())).rejects.toThrow(UncacheableValueError);
  });

  it('stores nothing by wrap that was read before a del', async () => {
    const db = { value: 'old' };
    const race = async (manager: Cache): Promise<unknown> => {
      db.value = 'old';
      const begun = gate();
      const held = gate();
      const slow = manager.wrap('race', async () => {
        const read = db.value;
        begun.open();
        await held.passed;
        return read;
      });
      await begun.passed;
      db.value = 'new';
      await manager.del('race');
      held.open();
      await slow;
      return manager.wrap('race', async () => db.value);
    };
    expect(await race(naive.manager)).toBe('old');
    expect(await race((await open()).manager)).toBe('new');
  });

  it('loads once by wrap for all processes', async () => {
    /** Two processes want the same; the load is held until the second is `in`. */
    const race = async (first: Cache, second: Cache, isIn: (loads: number) => boolean): Promise<number> => {
      let loads = 0;
      const held = gate();
      const load = async (): Promise<string> => {
        loads += 1;
        await held.passed;
        return 'v';
      };
      const answers = [first.wrap('one', load)];
      await eventually(() => loads === 1);
      answers.push(second.wrap('one', load));
      await eventually(() => isIn(loads));
      held.open();
      expect(await Promise.all(answers)).toEqual(['v', 'v']);
      return loads;
    };
    expect(await race(naive.manager, new NaiveCacheManager(redis).manager, (loads) => loads === 2)).toBe(2);

    const [a, b] = [await open(), await open()];
    const isWaiting = (): boolean => b.cache.stats().namespaces['cache-manager']!.l2Misses === 1;
    expect(await race(a.manager, b.manager, isWaiting)).toBe(1);
  });
});

describe('while Redis is away', () => {
  it('del, mdel and clear say false, and what was cached is not given any more', async () => {
    const own = await RedisServerFixture.start();
    const client = own.client();
    const ownCaches = new TestCaches(own.url);
    const { cache } = await ownCaches.open(prefix, { namespaces });
    const manager = createMultiLevelCacheManager(cache);
    await manager.set('k', 'v');
    await own.kill();

    expect(await new NaiveCacheManager(client).manager.del('k')).toBe(true);
    expect(await manager.del('k')).toBe(false);
    expect(await manager.mdel(['k', 'l'])).toBe(false);
    expect(await manager.clear()).toBe(false);
    expect(await manager.get('k')).toBeUndefined();
    expect(await manager.wrap('k', () => 'w')).toBe('w');

    ownCaches.closeAll();
    client.disconnect();
    await own.dispose();
  });
});
