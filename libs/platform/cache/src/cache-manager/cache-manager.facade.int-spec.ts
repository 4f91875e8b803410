import { PATIENT_CACHE, RedisServerFixture } from '@fourfold-tools/testing';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CACHE_MANAGER } from '@nestjs/cache-manager';
import type { Cache } from 'cache-manager';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { cacheKey, RedisKeys } from '../cache-key.js';
import { UnknownNamespaceError } from '../cache.errors.js';
import { CacheModule } from '../cache.module.js';
import type { MultiLevelCache } from '../multi-level-cache.js';
import { freshPrefix, TestCaches } from '../testing/test-caches.js';
import { cacheManagerProvider, createMultiLevelCacheManager } from './cache-manager.facade.js';

const namespaces = { 'cache-manager': { ttlMs: 3_600_000, nilTtlMs: 60_000 }, user: { ttlMs: 3_600_000 } };

let server: RedisServerFixture;
let caches: TestCaches;
let cache: MultiLevelCache;
let manager: Cache;
let prefix: string;
beforeAll(async () => {
  server = await RedisServerFixture.start();
  caches = new TestCaches(server.url);
});
beforeEach(async () => {
  prefix = freshPrefix();
  ({ cache } = await caches.open(prefix, { namespaces }));
  manager = createMultiLevelCacheManager(cache);
});
afterEach(() => {
  caches.closeAll();
});
afterAll(() => server.dispose());

const never = (): Promise<never> => Promise.reject(new Error('must not be loaded'));

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
    const redis = server.client();
    onTestFinished(() => redis.disconnect());
    await manager.set('given', 'v', 5_000);
    await manager.set('zero', 'v', 0);
    await manager.set('none', 'v');
    const keys = new RedisKeys(prefix);
    const leftMs = (id: string) => redis.pttl(keys.value(cacheKey('cache-manager', id)));
    expect(await leftMs('given')).toSatisfy((ms: number) => ms > 0 && ms <= 5_000);
    for (const id of ['zero', 'none']) expect(await leftMs(id)).toBeGreaterThan(3_000_000);
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

  it('takes options, and gives an entry where raw is asked for', async () => {
    const entry = await manager.wrap('a', () => 'v', { ttl: 5_000, raw: true });
    expect(entry).toEqual({ value: 'v' });
    expect(await manager.wrap('a', never, { raw: true })).toEqual(entry);
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
      redis: server.url,
      prefix: freshPrefix(),
      namespaces,
      registry,
      ...PATIENT_CACHE,
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
