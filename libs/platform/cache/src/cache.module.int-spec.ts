import { eventually, PATIENT_CACHE, RedisServerFixture } from '@fourfold-tools/testing';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CacheModule } from './cache.module.js';
import { MultiLevelCache } from './multi-level-cache.js';
import { RedisL2Store } from './l2/redis-l2.store.js';
import { freshPrefix } from './testing/test-caches.js';

let server: RedisServerFixture;
beforeAll(async () => void (server = await RedisServerFixture.start()));
afterAll(() => server.dispose());

@Injectable()
class UserReader {
  constructor(readonly cache: MultiLevelCache) {}
}

@Module({ providers: [UserReader], exports: [UserReader] })
class UserModule {}

const sockets = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;

describe('CacheModule', () => {
  it('gives every module the cache, reports figures, and leaves no socket behind', async () => {
    const before = sockets();
    const registry = new Registry();
    const namespaces = { user: { ttlMs: 60_000 } };
    const options = { redis: server.url, prefix: freshPrefix(), namespaces, registry, ...PATIENT_CACHE };

    @Module({ imports: [CacheModule.forRootAsync({ useFactory: () => options }), UserModule] })
    class AppModule {}

    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const { cache } = app.get(UserReader);
    expect(app.get(RedisL2Store).state).toBe('trusted');
    await cache.getOrLoad('user', '1', async () => 'v');
    await cache.getOrLoad('user', '1', async () => 'v');

    const text = await registry.metrics();
    expect(text).toContain('cache_hits_total{cache_namespace="user",level="l1"} 1');
    expect(text).toContain('cache_misses_total{cache_namespace="user",level="l2"} 1');
    expect(text).toContain('cache_load_duration_seconds_count{cache_namespace="user",outcome="ok"} 1');
    expect(text).toMatch(/cache_l1_bytes \d{3}/);
    expect(text).toMatch(/cache_l2_memory_used_bytes \d{6}/);
    expect(text).toMatch(/TYPE cache_l2_evicted_keys_total counter\ncache_l2_evicted_keys_total 0/);

    await app.close();
    await eventually(() => sockets() <= before);
  });

  it('two caches share a register, and their figures add up', async () => {
    const registry = new Registry();
    const options = {
      redis: server.url,
      namespaces: { user: { ttlMs: 60_000 } },
      registry,
      ...PATIENT_CACHE,
    };

    @Module({ imports: [CacheModule.forRoot({ ...options, prefix: freshPrefix() })] })
    class First {}
    @Module({ imports: [CacheModule.forRoot({ ...options, prefix: freshPrefix() })] })
    class Second {}

    const apps = [
      await NestFactory.createApplicationContext(First, { logger: false }),
      await NestFactory.createApplicationContext(Second, { logger: false }),
    ];
    for (const app of apps) await app.get(MultiLevelCache).getOrLoad('user', '1', async () => 'v');
    expect(await registry.metrics()).toContain('cache_loads_total{cache_namespace="user"} 2');
    for (const app of apps) await app.close();
  });

  it('boots while Redis is away', async () => {
    const nowhere = await RedisServerFixture.reserve();
    const namespaces = { user: { ttlMs: 60_000 } };
    const options = {
      redis: nowhere.url,
      prefix: 'p',
      namespaces,
      startupWaitMs: 50,
      registry: new Registry(),
    };

    @Module({ imports: [CacheModule.forRoot(options)] })
    class AppModule {}

    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    expect(await app.get(MultiLevelCache).getOrLoad('user', '1', async () => 'v')).toBe('v');
    await app.close();
    await nowhere.dispose();
  });

  it('does not boot where Redis refuses the password, says which option, and leaves no socket behind', async () => {
    const before = sockets();
    const namespaces = { user: { ttlMs: 60_000 } };
    const options = { prefix: 'p', namespaces, registry: new Registry() };
    const redis = server.url.replace('//', '//who:secret@');
    @Module({ imports: [CacheModule.forRoot({ ...options, redis })] })
    class AppModule {}

    const app = NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    await expect(app).rejects.toThrow(
      / - redis \(CACHE_REDIS_URL\): .* refuses the user or the password \(WRONGPASS/,
    );
    await eventually(() => sockets() <= before);
  });
});
