import { describe, expect, it } from 'vitest';
import { redisUrlSchema, sentinelOptionsOf } from './redis-url.js';

describe('the address of a Redis', () => {
  it.each([
    'redis://127.0.0.1:6379/0',
    'rediss://user:secret@redis.example',
    'redis+sentinel://sentinel/main',
    'redis+sentinel://:secret@a:26379,b:26380,[::1]:26381/main/2?sentinelPassword=other',
  ])('may be %s', (url) => expect(redisUrlSchema.parse(url)).toBe(url));

  it.each([
    ['of another protocol', 'http://127.0.0.1:6379'],
    ['without a host', 'redis://:6379'],
    ['without a master', 'redis+sentinel://a:26379,b:26379'],
    ['with an empty master', 'redis+sentinel://a:26379/'],
    ['with an empty Sentinel', 'redis+sentinel://a:26379,/main'],
    ['with a port that there is not', 'redis+sentinel://a:26379,b:70000/main'],
    ['with a port of 0', 'redis+sentinel://a:0/main'],
    ['with a password in the middle', 'redis+sentinel://a:26379,:secret@b:26379/main'],
    ['with a database that is no number', 'redis+sentinel://a:26379/main/x'],
    ['with a password that is wrongly encoded', 'redis+sentinel://:secret%@a:26379/main'],
    ['with what is not known', 'redis+sentinel://a:26379/main?sentinel=x'],
  ])('may not be one %s', (_what, url) => {
    const { error } = redisUrlSchema.safeParse(url);
    expect(error?.issues.map(({ message }) => message)).toEqual([
      expect.stringContaining('redis+sentinel://host:26379,host:26379/master-name'),
    ]);
    expect(error?.message).not.toContain('secret');
  });

  it('names Sentinels, what they call the master, and the passwords of both', () => {
    const url = 'redis+sentinel://app:s%2Fcret@a,b:26380,[::1]:26381/main/2?sentinelPassword=other';
    expect(sentinelOptionsOf(url)).toEqual({
      sentinels: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 26_380 },
        { host: '::1', port: 26_381 },
      ],
      name: 'main',
      username: 'app',
      password: 's/cret',
      db: 2,
      sentinelPassword: 'other',
      sentinelCommandTimeout: 2_000,
    });
    expect(sentinelOptionsOf('redis://127.0.0.1:6379')).toBeUndefined();
  });
});
