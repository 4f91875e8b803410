import { ConfigurationError, parseOptions } from '@fourfold/kernel';
import { describe, expect, it } from 'vitest';
import { shardingOptionsSchema } from './sharding.options.js';

const shards = { 'shard-0': 'mysql://app:hunter2@s0:3306/users' };
const parse = (options: object) => parseOptions('ShardingModule', shardingOptionsSchema, options);

describe('the options of ShardingModule', () => {
  it('have defaults for all but the shards', () => {
    expect(parse({ shards })).toMatchObject({
      shards,
      entities: [],
      poolSize: 16,
      operationTimeoutMs: 10_000,
      rowsEveryMs: 60_000,
      hotKeys: { windowMs: 60_000, share: 0.1, perSecond: 10 },
      ids: {},
    });
  });

  it('take the URL of a Redis alone, as every library does', () => {
    expect(parse({ shards, redis: 'redis://r' }).redis).toEqual({ url: 'redis://r' });
  });

  it.each<[string, object, RegExp]>([
    [
      'a misspelt option',
      { shards, poolsize: 4 },
      /poolsize: there is no such option; there are shards, .*poolSize/,
    ],
    [
      'a misspelt option of hot keys',
      { shards, hotKeys: { windoMs: 5 } },
      /hotKeys\.windoMs: .*there are windowMs/,
    ],
    [
      'a misspelt option of Redis',
      { shards, redis: { uri: 'redis://r' } },
      /redis: .*uri; there are prefix, url, /,
    ],
    [
      'a misspelt option of its TLS',
      { shards, redis: { url: 'rediss://r', tls: { cs: '' } } },
      /redis\.tls: there is no option cs; there are ca, /,
    ],
    ['no shards', {}, /shards: /],
    [
      'a URL of another scheme',
      { shards: { 'shard-0': 'http://s0/users' } },
      /shards\.shard-0: is not a mysql/,
    ],
    [
      'a name that no topology can have',
      { shards: { 'Shard 0': shards['shard-0'] } },
      /shards\.Shard 0: a shard name is 1–32 of/,
    ],
    [
      'a Redis of an unknown scheme',
      { shards, redis: { url: 'http://r' } },
      /redis\.url: must be a URL like redis/,
    ],
    ['a pool without connections', { shards, poolSize: 0 }, /poolSize: .*>0/],
    ['a reservation that is too short', { shards, ids: { reservationMs: 5 } }, /ids\.reservationMs: .*>=100/],
    [
      'a misspelt option of ids',
      { shards, ids: { reservation: 500 } },
      /ids: there is no option reservation; there are reservationMs, clock/,
    ],
    [
      'a prefix that is no text',
      { shards, redis: { url: 'redis://r', prefix: 5 } },
      /redis\.prefix: must be text/,
    ],
    [
      'a pool of a shard that is not there',
      { shards, poolSizes: { 'shard-9': 4 } },
      /poolSizes\.shard-9: .*no such/,
    ],
    ['a wait that no timer has', { shards, retryAfterMs: Infinity }, /retryAfterMs: /],
    ['ids that are neither on nor off', { shards, ids: true }, /ids: .*expected object/],
    ['a secret that is short', { shards, cursorSecrets: ['hunter2'] }, /cursorSecrets\.0: .*32 characters/],
    ['entities that are no list', { shards, entities: 'users' }, /entities: must be a list/],
    ['a main cluster that can’t be asked', { shards, main: {} }, /main: must have a method query/],
  ])('refuse %s, and show no secret', (_title, options, message) => {
    expect(() => parse(options)).toThrow(ConfigurationError);
    expect(() => parse(options)).toThrow(message);
    expect(() => parse(options)).not.toThrow(/hunter2/);
  });
});
