import { describe, expect, it } from 'vitest';
import { parseNodeUrl } from '@fourfold/db-routing';
import { shardUrlsSchema } from './sharding.env.js';

describe('shardUrlsSchema', () => {
  it('reads a list of named URLs', () => {
    expect(
      shardUrlsSchema.parse('shard-0=mysql://u:p@h:3306/db, shard-1=mysql://u:a=b%2Cc@[::1]:13311/db'),
    ).toEqual({
      'shard-0': 'mysql://u:p@h:3306/db',
      'shard-1': 'mysql://u:a=b%2Cc@[::1]:13311/db',
    });
  });

  it.each([
    ['', /entry 1 is not/],
    ['shard-0=mysql://u:hunter2@h/db,', /entry 2 is not/],
    ['shard-0=postgres://u:hunter2@h/db', /entry 1 is not/],
    ['mysql://u:hunter2@h/db', /entry 1 is not/],
    ['Shard 0=mysql://u:hunter2@h/db', /entry 1 is not/],
    ['shard-0=mysql://u:hunter2@h/db,shard-0=mysql://u:hunter2@i/db', /entry 2 \(shard-0\) is a second one/],
    ['shard-0=mysql://u:hunter2@h', /entry 1 \(shard-0\) has no database/],
    ['shard-0=mysql://h/db', /entry 1 \(shard-0\) has no user/],
    ['shard-0=mysql:///db', /entry 1 \(shard-0\) has no host/],
    ['shard-0=mysql://u:hunter2@h:99999/db', /entry 1 \(shard-0\) is not a mysql/],
    [
      'shard-0=mysql://u:hunter2%@h/db',
      /entry 1 \(shard-0\) has a user or password that is not percent-encoded/,
    ],
    ['shard-0=mysql://u:12/hunter2@h/db', /entry 1 \(shard-0\)/],
    ['shard-0=mysql://u:p,a=hunter2@h/db', /entry 2 is not/],
    ['shard-0=mysql://u:hunter2@h/db?ssl=1', /entry 1 \(shard-0\) has a query/],
  ])('names the entry that is wrong in %j and shows no password', (text, message) => {
    expect(() => shardUrlsSchema.parse(text)).toThrow(message);
    expect(() => shardUrlsSchema.parse(text)).not.toThrow(/hunter2/);
  });
});

describe('parseNodeUrl', () => {
  it('decodes user and password, unwraps IPv6, and knows the default port', () => {
    expect(parseNodeUrl('mysql://a%40b:p%2F%2C@[::1]/orders_0')).toEqual({
      host: '::1',
      port: 3306,
      username: 'a@b',
      password: 'p/,',
      database: 'orders_0',
    });
  });
});
