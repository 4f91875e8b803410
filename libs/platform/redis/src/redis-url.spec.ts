import { describe, expect, it } from 'vitest';
import { parseRedisUrl, redisUrlSchema } from './redis-url.js';

describe('the address of a Redis', () => {
  it.each([
    'redis://127.0.0.1:6379/0',
    'rediss://user:secret@redis.example',
    'redis+sentinel://sentinel/main',
    'rediss+sentinel://:secret@a:26379,b:26380,[::1]:26381/main/2?sentinelPassword=other',
    'redis+cluster://a:6379,b:6380',
    'rediss+cluster://user:secret@a/0',
  ])('may be %s', (url) => expect(redisUrlSchema.parse(url)).toBe(url));

  it.each([
    ['of another protocol', 'http://127.0.0.1:6379', 'the scheme "http://" is unknown'],
    ['of a variant that there is not', 'redis+ring://a:6379', 'the scheme "redis+ring://" is unknown'],
    ['that is no URL', 'localhost:6379', 'it is not a URL of a Redis'],
    ['without a host', 'redis://:6379', 'each host is a name or address'],
    ['of several servers', 'redis://a:6379,b:6379', 'several hosts are Sentinels or a Cluster'],
    ['with a database that is no number', 'redis://a:6379/main', 'the number of a database alone'],
    ['without a master', 'redis+sentinel://a:26379,b:26379', "the master's name"],
    ['with an empty master', 'redis+sentinel://a:26379/', "the master's name"],
    ['with an empty Sentinel', 'redis+sentinel://a:26379,/main', 'each host is a name or address'],
    ['with a port that there is not', 'redis+sentinel://a:26379,b:70000/main', 'a port from 1 to 65535'],
    ['with a port of 0', 'redis+sentinel://a:0/main', 'a port from 1 to 65535'],
    ['with a password in the middle', 'redis+sentinel://a:26379,:secret@b:26379/main', 'it is not a URL'],
    ['of a database that is no number', 'redis+sentinel://a:26379/main/x', "the master's name"],
    ['of a second database of a Cluster', 'redis+cluster://a:6379/1', 'a Cluster has database 0 alone'],
    ['with a password that is wrongly encoded', 'redis://:secret%@a:6379', 'must be percent-encoded'],
    [
      'with a parameter that there is not',
      'redis+sentinel://a/main?sentinel=x',
      'parameters may be sentinelU',
    ],
    [
      'with a parameter of Sentinels without any',
      'redis://a?sentinelPassword=secret',
      'with Sentinels alone',
    ],
  ])('may not be one %s', (_what, url, problem) => {
    const { error } = redisUrlSchema.safeParse(url);
    const [issue, ...others] = error!.issues;
    expect(others).toEqual([]);
    expect(issue!.message).toContain('redis+sentinel://host:26379,host:26379/master-name');
    expect(issue!.message).toContain(problem);
    expect(issue!.message).not.toContain('secret');
  });

  it('names Sentinels, what they call the master, and the users and passwords of both', () => {
    const url =
      'rediss+sentinel://app:s%2Fcret@a,b:26380,[::1]:26381/main/2?sentinelUsername=watch&sentinelPassword=other';
    expect(parseRedisUrl(url)).toEqual({
      kind: 'sentinel',
      endpoints: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 26_380 },
        { host: '::1', port: 26_381 },
      ],
      name: 'main',
      server: { username: 'app', password: 's/cret', db: 2, tls: {} },
      sentinel: { username: 'watch', password: 'other', tls: {} },
    });
  });

  it('has 6379 for the port of a server and of a node of a Cluster', () => {
    expect(parseRedisUrl('redis://a').endpoints).toEqual([{ host: 'a', port: 6_379 }]);
    expect(parseRedisUrl('redis+cluster://a,b:1').endpoints[0]).toEqual({ host: 'a', port: 6_379 });
  });
});
