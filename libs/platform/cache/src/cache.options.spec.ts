import { describe, expect, it } from 'vitest';
import { CacheConfigurationError } from './cache.errors.js';
import { type CacheModuleOptions, resolveCacheOptions } from './cache.options.js';

const good: CacheModuleOptions = {
  redisUrl: 'redis://127.0.0.1:6379',
  prefix: '{fourfold}',
  namespaces: { user: { ttlMs: 3_600_000 } },
};

describe('resolveCacheOptions', () => {
  it('fills in the defaults', () => {
    expect(resolveCacheOptions(good)).toMatchObject({
      l1MaxBytes: 10_485_760,
      commandTimeoutMs: 250,
      namespaces: { user: { ttlMs: 3_600_000, nilTtlMs: 60_000, l1MaxTtlMs: 60_000 } },
    });
  });

  it.each([0, -1, 1.5, Number.NaN, 2_147_483_648])('refuses a TTL of %d ms', (ttlMs) => {
    expect(() => resolveCacheOptions({ ...good, namespaces: { user: { ttlMs } } })).toThrow(
      CacheConfigurationError,
    );
  });

  it('names every fault at once', () => {
    const wrong = { ...good, redisUrl: 'localhost', prefix: 'a:b', commandTimeoutMs: 0 };
    expect(() => resolveCacheOptions(wrong)).toThrow(/redisUrl.*prefix.*commandTimeoutMs/);
  });
});
