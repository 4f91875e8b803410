import { ConfigurationError } from '@fourfold/kernel';
import { describe, expect, it } from 'vitest';
import { type CacheModuleOptions, resolveCacheOptions } from './cache.options.js';

const good: CacheModuleOptions = {
  redis: 'redis://127.0.0.1:6379',
  prefix: '{fourfold}',
  namespaces: { user: { ttlMs: 3_600_000 } },
};
const resolve = (more: object) => () => resolveCacheOptions({ ...good, ...more });

describe('resolveCacheOptions', () => {
  it('fills in the defaults', () => {
    expect(resolve({})()).toMatchObject({
      l1MaxBytes: 10_485_760,
      commandTimeoutMs: 250,
      warmUpAtStart: false,
      namespaces: { user: { ttlMs: 3_600_000, nilTtlMs: 60_000, l1MaxTtlMs: 60_000 } },
    });
  });

  it('gives a namespace the module’s L1 TTL, unless it has one of its own', () => {
    const namespaces = { user: { ttlMs: 1_000 }, stock: { ttlMs: 1_000, l1MaxTtlMs: 5 } };
    const resolved = resolve({ l1MaxTtlMs: 70, namespaces })().namespaces;
    expect(resolved).toMatchObject({ user: { l1MaxTtlMs: 70 }, stock: { l1MaxTtlMs: 5 } });
  });

  it.each([0, -1, 1.5, Number.NaN, 2_147_483_648])('refuses a TTL of %d ms', (ttlMs) => {
    expect(resolve({ namespaces: { user: { ttlMs } } })).toThrow(ConfigurationError);
  });

  it('names every fault at once', () => {
    const wrong = { redis: 'localhost', prefix: 'a:b', commandTimeoutMs: 0, namespaces: { user: {} } };
    expect(resolve(wrong)).toThrow(/redis[^]*prefix[^]*namespaces\.user\.ttlMs[^]*commandTimeoutMs/);
  });

  it('refuses a register of metrics that is none', () => {
    expect(resolve({ registry: 'default' })).toThrow('registry: must be a Registry of prom-client');
  });

  it.each([
    ['of the module', { l1MaxByte: 5 }, /l1MaxByte: there is no such option; there are redis, .*l1MaxBytes/],
    [
      'of a namespace',
      { namespaces: { user: { ttlMs: 5, ttl: 5 } } },
      'namespaces.user.ttl: there is no such option; there are ttlMs, nilTtlMs',
    ],
  ])('refuses an unknown option %s, and says which there are', (_what, wrong, message) => {
    expect(resolve(wrong)).toThrow(message);
  });
});
