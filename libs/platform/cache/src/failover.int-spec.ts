import { eventually, RedisClusterFixture, RedisFailoverFixture } from '@fourfold-tools/testing';
import { Cluster, Redis } from 'ioredis';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { assembleCache } from './assemble-cache.js';
import { loadUnderFault } from './testing/interleaving/load-under-fault.js';
import { NaiveCache } from './testing/naive-cache.js';
import { inUse, TestCaches } from './testing/test-caches.js';

const PREFIX = '{test}cache';
const MEMORY = ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lfu'];

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function opened<F extends { dispose(): Promise<void> }>(fixture: F): F {
  closing.push(() => fixture.dispose());
  return fixture;
}

async function openCaches(url: string) {
  const caches = new TestCaches(url);
  closing.push(() => caches.closeAll());
  const open = () => caches.open(PREFIX, { commandTimeoutMs: 1_000 });
  return { caches: await Promise.all([open(), open(), open()]), herald: await open(), more: open };
}

/** In each failover the new master lacks what the old one was told last, as replication that lags leaves it. */
const kinds = [
  ['by Sentinels', RedisFailoverFixture],
  ['of a node of a Cluster', RedisClusterFixture],
] as const;

describe.each(kinds)('a failover %s', (_kind, Servers) => {
  it('under load serves nothing that an invalidate has ended, and all processes agree in the end', async () => {
    const servers = opened(await Servers.start(...MEMORY));
    const { caches, herald } = await openCaches(servers.url);
    const report = await loadUnderFault(caches, herald, async (hits) => {
      await servers.loseReplication();
      await hits(500);
      await servers.failOver();
    });
    expect(report.faults).toEqual([]);
    expect(report.writes).toBeGreaterThan(100);
  });

  it('that loses an invalidation brings no old value back', async () => {
    const servers = opened(await Servers.start(...MEMORY));
    const { caches, more } = await openCaches(servers.url);
    await caches[0].cache.getOrLoad('user', '1', async () => 'old');
    await servers.loseReplication();
    await caches[0].cache.invalidate('user', '1');
    await servers.failOver();
    await Promise.all(caches.map(inUse));
    const late = await more();
    for (const { cache } of [...caches, late])
      expect(await cache.getOrLoad('user', '1', async () => 'new', { skipL1: true })).toBe('new');
  });

  it('naive twin: get, load, set and delete bring it back', async () => {
    const servers = opened(await Servers.start(...MEMORY));
    const redis = naiveClient(servers);
    const naive = new NaiveCache(redis);
    await naive.getOrLoad(PREFIX, async () => 'old');
    await servers.loseReplication();
    await naive.invalidate(PREFIX);
    await servers.failOver();
    const answer = await eventually(() => new NaiveCache(redis).getOrLoad(PREFIX, async () => 'new'));
    expect(answer).toBe('old');
  });
});

/** As ioredis makes it. */
function naiveClient(servers: RedisFailoverFixture | RedisClusterFixture): Redis {
  const client =
    servers instanceof RedisClusterFixture
      ? (new Cluster([...servers.nodes]) as unknown as Redis)
      : new Redis({
          name: 'main',
          sentinels: [...servers.url.matchAll(/:(\d+)/g)].map(([, port]) => ({
            host: '127.0.0.1',
            port: Number(port),
          })),
          retryStrategy: () => 50,
        });
  client.on('error', () => {});
  closing.push(() => client.disconnect());
  return client;
}

describe('a Cluster', () => {
  it('whose slot moves under load serves nothing old, and is in use again', async () => {
    const cluster = opened(await RedisClusterFixture.start(...MEMORY));
    const { caches, herald } = await openCaches(cluster.url);
    const report = await loadUnderFault(caches, herald, () => cluster.moveSlot());
    expect(report.faults).toEqual([]);
  });

  it('has what a cache needs: namespaces, batches, scripts that a node forgot, and its memory in figures', async () => {
    const cluster = opened(await RedisClusterFixture.start(...MEMORY));
    const registry = new Registry();
    const options = { redis: cluster.url, prefix: PREFIX, namespaces: { user: { ttlMs: 60_000 } } };
    const [a, b] = [
      assembleCache({ ...options, registry }),
      assembleCache({ ...options, registry: new Registry() }),
    ];
    closing.push(() => [a, b].forEach((each) => each.close()));
    await Promise.all([a.start(), b.start()]);
    await Promise.all([inUse(a), inUse(b)]);
    const load = async (ids: readonly string[]) => new Map(ids.map((id) => [id, id]));
    const never = () => Promise.reject(new Error('must not be loaded'));
    expect([...(await a.cache.getMany('user', ['1', '2'], load)).values()]).toEqual(['1', '2']);
    await cluster.askMaster('SCRIPT', 'FLUSH');
    expect(await b.cache.getOrLoad('user', '1', never)).toBe('1');
    await a.cache.invalidate('user', '1', '2');
    expect(await b.cache.getOrLoad('user', '1', async () => 'key', { skipL1: true })).toBe('key');
    await a.cache.invalidateNamespace('user');
    expect(await b.cache.getOrLoad('user', '1', async () => 'namespace', { skipL1: true })).toBe('namespace');
    expect(await registry.getSingleMetricAsString('cache_l2_memory_used_bytes')).toMatch(/bytes [1-9]\d+/);
    const owner = await cluster.owner();
    const others = cluster.owners.filter((port) => port !== owner);
    expect(await Promise.all(others.map((port) => cluster.ask(port, 'DBSIZE')))).toEqual([0, 0]);
  });
});
