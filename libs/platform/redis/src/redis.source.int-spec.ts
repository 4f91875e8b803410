import { readFileSync } from 'node:fs';
import {
  eventually,
  FaultProxy,
  RedisClusterFixture,
  RedisFailoverFixture,
  RedisProcesses,
  RedisServerFixture,
} from '@fourfold-tools/testing';
import { Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RedisOptions } from './redis.options.js';
import { parseRedisUrl } from './redis-url.js';
import { RedisSource } from './redis.source.js';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function opened<F extends { dispose(): Promise<void> }>(fixture: F): F {
  closing.push(() => fixture.dispose());
  return fixture;
}

const sourceOf = (redis: RedisOptions) => new RedisSource({ redis, option: 'REDIS_URL', prefix: '{test}' });

/** Each kind of client writes, reads or hears over a connection of its own. */
async function works(source: RedisSource): Promise<void> {
  await source.check();
  const deadline = { deadlineMs: 1_000 };
  const client = source.failFast(deadline);
  const subscriber = source.subscriber(deadline);
  const waiting = source.waiting({ silenceMs: 5_000 });
  closing.push(() => [client, subscriber, waiting].forEach((each) => each.disconnect()));
  const heard = new Promise((resolve) => subscriber.once('message', (_channel, text) => resolve(text)));
  await Promise.all([client.connect(), subscriber.connect()]);
  await subscriber.subscribe('{test}:news');
  expect(await waiting.set('{test}:key', 'value')).toBe('OK');
  expect(
    await client.eval(
      "redis.call('PUBLISH', ARGV[1], 'new') return redis.call('GET', KEYS[1])",
      1,
      '{test}:key',
      '{test}:news',
    ),
  ).toBe('value');
  expect(await heard).toBe('new');
}

describe('a Redis with TLS and accounts', () => {
  async function secured() {
    const servers = opened(new RedisProcesses());
    const { ca, cert, key } = servers.certificates();
    const { port } = await RedisServerFixture.reserve();
    const tls = ['--tls-port', String(port), '--port', '0', '--tls-cert-file', cert, '--tls-key-file', key];
    const access = { tls: { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) } };
    const secure = opened(new RedisProcesses(access));
    await secure.startRedis(port, ...tls, '--tls-ca-cert-file', ca);
    await secure.ask(port, 'ACL', 'SETUSER', 'app', 'on', '>secret', '~{test}*', '&{test}*', '+@all');
    return { port, ...access };
  }

  it('is used by a user of its own, with an authority and a certificate that are given', async () => {
    const { port, tls } = await secured();
    await works(sourceOf({ url: `rediss://app:secret@127.0.0.1:${port}`, tls }));
    await works(sourceOf({ url: `rediss://127.0.0.1:${port}`, username: 'app', password: 'secret', tls }));
  });

  it('is refused at start where the user, the password or the certificate is wrong, and the option is named', async () => {
    const { port, tls } = await secured();
    const url = `rediss://app:secret@127.0.0.1:${port}`;
    await expect(sourceOf({ url, password: 'other', tls }).check()).rejects.toThrow(
      / - REDIS_URL: 127\.0\.0\.1:\d+ refuses the user or the password \(WRONGPASS/,
    );
    await expect(sourceOf(url).check()).rejects.toThrow(
      / - REDIS_URL: no TLS with 127\.0\.0\.1:\d+ \(.*tls\.ca/,
    );
  });
});

describe('wrong configuration is refused at start, with a name', () => {
  it('a password that is missing', async () => {
    const server = opened(await RedisServerFixture.start());
    await server.command('CONFIG', 'SET', 'requirepass', 'secret');
    await expect(sourceOf(server.url).check()).rejects.toThrow(
      / - REDIS_URL: .* refuses the user or the password \(NOAUTH/,
    );
  });

  it('a master that no Sentinel knows', async () => {
    const sentinels = opened(await RedisFailoverFixture.start());
    await expect(sourceOf(sentinels.urlOf('other')).check()).rejects.toThrow(
      / - REDIS_URL: no Sentinel of 127\.0\.0\.1:\d+,127\.0\.0\.1:\d+,127\.0\.0\.1:\d+ knows the master "other"$/,
    );
    await works(sourceOf(sentinels.url));
  });

  it('a master that no Sentinel of the caller’s client knows', async () => {
    const sentinels = opened(await RedisFailoverFixture.start());
    const { endpoints, name } = parseRedisUrl(sentinels.url);
    const clientOf = (master: string) => () =>
      new Redis({ sentinels: [...endpoints], name: master, lazyConnect: true });
    await expect(sourceOf({ client: clientOf('other') }).check()).rejects.toThrow(
      / - REDIS_URL: no Sentinel of .* knows the master "other"$/,
    );
    await works(sourceOf({ client: clientOf(name!) }));
  });

  it('a Cluster whose slots are not covered', async () => {
    const cluster = opened(await RedisClusterFixture.startIncomplete(7));
    await expect(sourceOf(cluster.url).check()).rejects.toThrow(
      / - REDIS_URL: the Cluster of .* does not cover its slots: no node has \d+ of 16384 \(cluster_state:fail\)$/,
    );
  });
});

describe('a Redis that is away is no wrong configuration', () => {
  it.each(['redis', 'redis+sentinel', 'redis+cluster'])('behind %s://', async (scheme) => {
    const away = opened(await RedisServerFixture.reserve());
    const url = away.url.replace('redis:', `${scheme}:`) + (scheme === 'redis+sentinel' ? '/main' : '');
    await sourceOf(url).check();
  });

  it('nor is one that hangs', async () => {
    const hanging = opened(await RedisServerFixture.start());
    hanging.freeze();
    closing.push(() => hanging.thaw());
    await sourceOf(hanging.url).check();
  });
});

describe('a Cluster', () => {
  let cluster: RedisClusterFixture;

  beforeAll(async () => {
    cluster = await RedisClusterFixture.start();
  });
  afterAll(() => cluster.dispose());

  it('is used by way of its URL, and by way of a client that the caller brings', async () => {
    await works(sourceOf(cluster.url));
    await works(sourceOf({ client: () => new Cluster([...cluster.nodes], { lazyConnect: true }) }));
  });

  it('is seen from here as the caller’s `natMap` says', async () => {
    const owner = await cluster.owner();
    const proxy = await new FaultProxy(`redis://127.0.0.1:${owner}`).open();
    closing.push(() => proxy.close());
    const natMap = { [`127.0.0.1:${owner}`]: { host: '127.0.0.1', port: Number(new URL(proxy.url).port) } };
    await works(sourceOf({ client: () => new Cluster([...cluster.nodes], { lazyConnect: true, natMap }) }));
    expect(proxy.accepted).toBeGreaterThan(2);
  });

  it('is refused at start where a server alone is meant, and the other way round', async () => {
    const server = opened(await RedisServerFixture.start());
    const asCluster = server.url.replace('redis:', 'redis+cluster:');
    await expect(sourceOf(asCluster).check()).rejects.toThrow('is not a node of a Cluster');
    await expect(sourceOf(cluster.plainUrl).check()).rejects.toThrow(
      'the URL must begin with redis+cluster://',
    );
  });

  it('whose slot moves takes every client along, one that only listens too', async () => {
    const source = sourceOf(cluster.url);
    const deadline = { deadlineMs: 1_000 };
    const [client, subscriber] = [source.failFast(deadline), source.subscriber(deadline)];
    const waiting = source.waiting({ silenceMs: 5_000 });
    closing.push(() => [client, subscriber, waiting].forEach((each) => each.disconnect()));
    await Promise.all([client.connect(), subscriber.connect(), waiting.set('{test}:key', 'value')]);
    const before = await cluster.owner();
    let meanwhile: Promise<unknown> | undefined;
    await cluster.moveSlot(async () => {
      // All of its keys have gone, and the slot has not: ASK.
      await expect(client.get('{test}:key')).rejects.toThrow(/^ASK/);
      meanwhile = waiting.get('{test}:key');
    });
    const after = await cluster.owner();
    expect(after).not.toBe(before);
    expect(await meanwhile).toBe('value');
    // The first command that the former owner refuses finds the new one.
    await eventually(async () => (await client.get('{test}:key')) === 'value');
    for (const each of [client, subscriber, waiting])
      await eventually(() => each.status === 'ready' && each.stream.remotePort === after);
  });
});

it('a client that the caller brings is used', async () => {
  const server = opened(await RedisServerFixture.start());
  await works(sourceOf({ client: () => new Redis({ port: server.port, lazyConnect: true }) }));
});
