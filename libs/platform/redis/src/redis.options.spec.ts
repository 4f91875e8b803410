import { Redis, type RedisOptions as ClientOptions } from 'ioredis';
import { describe, expect, it } from 'vitest';
import type { RedisOptions } from './redis.options.js';
import { RedisSource } from './redis.source.js';

const sourceOf = (redis: unknown, prefix = '{test}') =>
  new RedisSource({ redis: redis as RedisOptions, option: 'redis (CACHE_REDIS_URL)', prefix });

describe('the options of a Redis', () => {
  it.each([
    ['an unknown scheme', 'http://a', /the scheme "http:\/\/" is unknown/],
    ['an unknown scheme beside other options', { url: 'http://a' }, /\.url: must be a URL like redis:/],
    ['nothing', undefined, /: must be an object of url, username/],
    [
      'an option that is misspelt',
      { url: 'rediss://a', tsl: {} },
      /: there is no option tsl; there are url, username, password, tls, client/,
    ],
    [
      'an option of TLS that is misspelt',
      { url: 'rediss://a', tls: { cs: '' } },
      /\.tls: there is no option cs; there are ca, cert/,
    ],
    ['TLS and a URL that says no TLS', { url: 'redis://a', tls: {} }, /tls needs rediss:/],
    ['a client that is not made by a function', { client: {} }, /\.client: must be a function/],
    [
      'a client and a URL',
      { client: () => new Redis({ lazyConnect: true }), url: 'redis://a' },
      /: needs a url or a client/,
    ],
  ])('are refused with %s, and the option is named', (_what, redis, message) => {
    expect(() => sourceOf(redis)).toThrow(message);
    expect(() => sourceOf(redis)).toThrow(/ - redis \(CACHE_REDIS_URL\)/);
  });

  it('are refused for a Cluster where the keys would not share a slot', () => {
    const message = 'on a Redis Cluster the prefix must have a hash tag in braces, e.g. {shop}; it is "shop"';
    expect(() => sourceOf('redis+cluster://a', 'shop')).toThrow(message);
    expect(() => sourceOf('redis+cluster://a', '{shop}')).not.toThrow();
  });

  it('are refused where the caller brings the same client again', () => {
    const client = new Redis({ lazyConnect: true });
    const source = sourceOf({ client: () => client });
    expect(source.failFast({ deadlineMs: 100 })).toBe(client);
    client.status = 'ready';
    expect(() => source.failFast({ deadlineMs: 100 })).toThrow('must return a new client');
  });

  it('give a client of the caller’s the behaviour of its use', () => {
    const contrary = { lazyConnect: true, enableOfflineQueue: false, autoResendUnfulfilledCommands: false };
    const source = sourceOf({
      client: () => new Redis({ ...contrary, port: 1, username: 'app', keyPrefix: 'mine' }),
    });
    const client = source.waiting({ silenceMs: 7 });
    expect(client.options).toMatchObject({
      username: 'app',
      keyPrefix: 'mine',
      maxRetriesPerRequest: null,
      enableReadyCheck: false,
      socketTimeout: 7,
      lazyConnect: false,
      enableOfflineQueue: true,
      autoResendUnfulfilledCommands: true,
    });
    // It has begun, though it was made to begin later.
    expect(client.status).toBe('connecting');
    client.disconnect();
  });
});

describe('a client of the caller’s that goes by Sentinels', () => {
  const sentinels = [{ host: '127.0.0.1', port: 1 }];
  const madeFrom = (options: ClientOptions) =>
    sourceOf({ client: () => new Redis({ sentinels, name: 'main', lazyConnect: true, ...options }) });

  it('hands on how a server is connected to, and nothing of how the caller would use it', () => {
    const given = { username: 'app', password: 'secret', db: 3, family: 6, connectionName: 'shop' };
    const { options } = madeFrom({
      ...given,
      keepAlive: 5,
      tls: { servername: 'redis' },
      commandTimeout: 1,
      readOnly: true,
      role: 'master',
    }).failFast({ deadlineMs: 100 });
    expect(options).toMatchObject({ ...given, commandTimeout: 100, readOnly: false, sentinels: null });
    expect(options.tls).toBeUndefined();
  });

  it('has the TLS of the caller’s where that is of Sentinels too', () => {
    const tls = { servername: 'redis' };
    const { options } = madeFrom({ tls, enableTLSForSentinelMode: true }).failFast({ deadlineMs: 100 });
    expect(options.tls).toEqual(tls);
  });

  it('is refused where it would read from a replica', () => {
    expect(() => madeFrom({ role: 'slave' })).toThrow(
      ' - redis (CACHE_REDIS_URL): client must be of the master: its role is "slave"',
    );
  });
});
