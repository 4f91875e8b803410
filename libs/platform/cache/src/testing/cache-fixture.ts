import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { cacheKey, RedisKeys } from '../cache-key.js';
import { TOKEN_LENGTH } from '../l2/lease-scripts.js';
import { freshPrefix, TestCaches } from './test-caches.js';

export interface CacheFixture {
  readonly server: RedisServerFixture;
  /** A plain client, to look behind the caches. */
  readonly redis: Redis;
  readonly caches: TestCaches;
  /** Of the test that runs. */
  readonly prefix: string;
  /** Where a value lies in Redis. */
  valueKey(namespace: string, id: string): string;
  keys(): RedisKeys;
  /**
   * As if time had passed: the value's TTL has `leftMs` to go (negative: is over since), and it is kept for `graceMs` more.
   * Redis knows too.
   */
  endIn(namespace: string, id: string, leftMs: number, graceMs?: number): Promise<unknown>;
}

const END_IN = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SETRANGE', KEYS[1], ${TOKEN_LENGTH}, struct.pack('>I8I4', now + ARGV[1], tonumber(ARGV[2])))
return redis.call('PEXPIRE', KEYS[1], ARGV[1] + ARGV[2])
`;

/** One Redis a file, a prefix of its own a test; what a test opens is closed after it. To be called at the top of a file. */
export function useCaches(): CacheFixture {
  const fixture = {
    server: undefined as unknown as RedisServerFixture,
    redis: undefined as unknown as Redis,
    caches: undefined as unknown as TestCaches,
    prefix: '',
    keys: () => new RedisKeys(fixture.prefix),
    valueKey: (namespace: string, id: string) => fixture.keys().value(cacheKey(namespace, id)),
    endIn: (namespace: string, id: string, leftMs: number, graceMs = 0) => {
      const key = fixture.valueKey(namespace, id);
      // Who loaded it has it before Redis does.
      return eventually(async () => (await fixture.redis.eval(END_IN, 1, key, leftMs, graceMs)) === 1);
    },
  };
  beforeAll(async () => {
    fixture.server = await RedisServerFixture.start();
    fixture.redis = fixture.server.client();
    fixture.caches = new TestCaches(fixture.server.url);
  });
  beforeEach(() => void (fixture.prefix = freshPrefix()));
  afterEach(() => fixture.caches.closeAll());
  afterAll(async () => {
    fixture.redis.disconnect();
    await fixture.server.dispose();
  });
  return fixture;
}

export const never = (): Promise<never> => Promise.reject(new Error('must not be loaded'));
