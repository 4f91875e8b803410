import { RedisServerFixture } from '@fourfold-tools/testing';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CACHE_MANAGER } from '@nestjs/cache-manager';
import type { Cache } from 'cache-manager';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnknownNamespaceError } from '../cache.errors.js';
import { CacheModule } from '../cache.module.js';
import type { MultiLevelCache } from '../multi-level-cache.js';
import { freshPrefix, TestCaches } from '../testing/test-caches.js';
import { createMultiLevelCacheManager } from './cache-manager.facade.js';
import { cacheManagerProvider } from './cache-manager.provider.js';

const namespaces = { 'cache-manager': { ttlMs: 3_600_000, nilTtlMs: 60_000 }, user: { ttlMs: 3_600_000 } };

let server: RedisServerFixture;
let caches: TestCaches;
let cache: MultiLevelCache;
let manager: Cache;
beforeAll(async () => {
  server = await RedisServerFixture.start();
  caches = new TestCaches(server.url);
});
beforeEach(async () => {
  ({ cache } = await caches.open(freshPrefix(), { namespaces }));
  manager = createMultiLevelCacheManager(cache);
});
afterEach(() => {
  vi.useRealTimers();
  caches.closeAll();
});
afterAll(() => server.dispose());

const never = (): Promise<never> => Promise.reject(new Error('must not be loaded'));
const after = (ms: number): void => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
};

describe('a cache-manager over the cache', () => {
  it('gets, sets and deletes, one or many', async () => {
    expect(await manager.get('a')).toBeUndefined();
    expect(await manager.set('a', { n: 1 })).toEqual({ n: 1 });
    await manager.mset<unknown>([
      { key: 'b', value: 0 },
      { key: 'c', value: '', ttl: 5_000 },
      { key: 'd', value: false },
    ]);
    expect(await manager.mget(['a', 'b', 'x', 'c', 'd'])).toEqual([{ n: 1 }, 0, undefined, '', false]);
    expect(await manager.del('a')).toBe(true);
    expect(await manager.mdel(['b', 'c'])).toBe(true);
    expect(await manager.mdel([])).toBe(true);
    expect(await manager.mget(['a', 'b', 'c', 'd'])).toEqual([undefined, undefined, undefined, false]);
  });

  it('takes keys as they are', async () => {
    for (const key of ['', 'keyv:a', 'a', 'a:b', '__proto__', '🗝']) await manager.set(key, `of ${key}`);
    for (const key of ['', 'keyv:a', 'a', 'a:b', '__proto__', '🗝']) {
      expect(await manager.get(key)).toBe(`of ${key}`);
    }
  });

  it('tells null from nothing; undefined becomes null', async () => {
    await manager.set('null', null);
    await manager.set('undefined', undefined);
    expect(await manager.mget(['null', 'undefined', 'nothing'])).toEqual([null, null, undefined]);
    expect(await manager.wrap('absent', () => undefined)).toBeNull();
    expect(await manager.wrap('absent', never)).toBeNull();
    expect(await manager.wrap('absent for 5 s', () => null, 5_000)).toBeNull();
    expect(await manager.wrap('absent for 5 s', never)).toBeNull();
  });

  it('keeps a value for the TTL given, and for the namespace’s where that is 0 or left out', async () => {
    const now = Date.now();
    await manager.set('given', 'v', 5_000);
    await manager.set('zero', 'v', 0);
    await manager.set('none', 'v');
    expect(await manager.ttl('given')).toSatisfy((at: number) => at >= now + 5_000 && at < now + 60_000);
    expect(await manager.ttl('zero')).toBeUndefined();
    after(3_000_000);
    expect(await manager.mget(['given', 'zero', 'none'])).toEqual([undefined, 'v', 'v']);
  });

  it('has its events', async () => {
    const seen: string[] = [];
    for (const event of ['get', 'set', 'del', 'mdel', 'clear'] as const) {
      manager.on(event as 'get', () => void seen.push(event));
    }
    await manager.set('a', 1);
    await manager.get('a');
    await manager.del('a');
    await manager.mdel(['a']);
    await manager.clear();
    expect([...new Set(seen)]).toEqual(['set', 'get', 'del', 'mdel', 'clear']);
  });
});

describe('wrap', () => {
  it('loads what is not there, and finds what set has stored', async () => {
    expect(await manager.wrap('a', () => 'loaded')).toBe('loaded');
    expect(await manager.wrap('a', never)).toBe('loaded');
    expect(await manager.get('a')).toBe('loaded');
    await manager.set('b', 'set');
    expect(await manager.wrap('b', never)).toBe('set');
  });

  it('passes on what the load throws, and caches nothing of it', async () => {
    await expect(manager.wrap('a', never)).rejects.toThrow('must not be loaded');
    expect(await manager.wrap('a', () => 'v')).toBe('v');
  });

  it('takes options, and gives the entry where raw is asked for', async () => {
    const entry = await manager.wrap('a', () => 'v', { ttl: 5_000, raw: true });
    expect(entry).toEqual({ value: 'v', expires: expect.any(Number) });
    expect(await manager.wrap('a', never, { raw: true })).toEqual(entry);
  });

  it('takes a TTL made from the value: when it is over, one load replaces it for all callers', async () => {
    const load = vi.fn(async () => ({ ttlMs: 5_000 }));
    const wrap = () => manager.wrap('a', load, ({ ttlMs }) => ttlMs);
    await wrap();
    after(4_000);
    await Promise.all([wrap(), wrap(), wrap()]);
    expect(load).toHaveBeenCalledTimes(1);
    after(2_000);
    expect(await manager.get('a')).toBeUndefined();
    expect(await Promise.all([wrap(), wrap(), wrap()])).toEqual(Array(3).fill({ ttlMs: 5_000 }));
    expect(load).toHaveBeenCalledTimes(2);
  });
});

describe('cacheManagerProvider', () => {
  @Injectable()
  class Reader {
    constructor(@Inject(CACHE_MANAGER) readonly manager: Cache) {}
  }

  const start = (options?: Parameters<typeof cacheManagerProvider>[0]) => {
    const registry = new Registry();
    const cacheModule = CacheModule.forRoot({
      redisUrl: server.url,
      prefix: freshPrefix(),
      namespaces,
      registry,
    });
    @Module({ imports: [cacheModule], providers: [cacheManagerProvider(options), Reader] })
    class AppModule {}
    return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  };

  it('gives it to each provider that injects CACHE_MANAGER of @nestjs/cache-manager', async () => {
    const app = await start({ namespace: 'user' });
    await app.get(Reader).manager.set('1', 'Ada');
    expect(await app.get(Reader).manager.wrap('1', never)).toBe('Ada');
    await app.close();
  });

  it('keeps the application from starting when the namespace is not declared', async () => {
    await expect(start({ namespace: 'nowhere' })).rejects.toThrow(UnknownNamespaceError);
  });
});
