import { HEALTH_DEFAULTS } from '../db-routing.options.js';
import { eventually, FaultProxy, type TestDatabase } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PoolExhaustedError } from '../errors.js';
import { transitionsOf } from '../testing/outage.fixture.js';
import { readers, routedDatabase, serverIds } from '../testing/routed-database.js';
import { acquire } from '../testing/test-pool.js';
import { watchedCluster, type WatchedClusterOptions } from '../testing/watched-cluster.js';

let database: TestDatabase;
let servers: Awaited<ReturnType<typeof serverIds>>;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await routedDatabase();
  servers = await serverIds();
});
afterAll(() => database.drop());
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** As a process does that has much to compute. */
function standStill(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

async function proxyOf(url: string): Promise<FaultProxy> {
  const proxy = await new FaultProxy(url).open();
  cleanups.push(() => proxy.close());
  return proxy;
}

async function watched(replicas: readonly string[], cluster: WatchedClusterOptions['cluster'] = {}) {
  const watching = await watchedCluster({ options: { primaryUrl: database.appUrl, replicas }, cluster });
  cleanups.push(watching.close);
  return watching;
}

describe('a replica that can not be reached', () => {
  it('costs no read an error, leaves the rotation, and comes back by itself', async () => {
    const [one = '', two = ''] = database.readUrls;
    const proxy = await proxyOf(two);
    const { dataSource, inRotation } = await watched([one, proxy.url]);
    expect(inRotation()).toEqual(['replica-1', 'replica-2']);
    await proxy.close();
    expect(await readers(dataSource)).toEqual([servers.replicas[0]]);
    await eventually(() => inRotation().join() === 'replica-1');
    await proxy.open();
    await eventually(() => inRotation().length === 2);
  });

  it('is one of all: reads are answered by the primary, and by replicas again when they are back', async () => {
    const proxies = await Promise.all(database.readUrls.map(proxyOf));
    const { dataSource, inRotation } = await watched(proxies.map(({ url }) => url));
    await Promise.all(proxies.map((proxy) => proxy.close()));
    expect(await readers(dataSource)).toEqual([servers.primary]);
    await eventually(() => inRotation().length === 0);
    expect(await readers(dataSource)).toEqual([servers.primary]);
    await Promise.all(proxies.map((proxy) => proxy.open()));
    await eventually(() => inRotation().length === 2);
    // They start slowly: the one that came first has most of the reads for a while.
    await eventually(async () => expect(await readers(dataSource)).toEqual([...servers.replicas].sort()));
  });

  it('is not what a replica with all its connections taken is: that one stays in rotation', async () => {
    const { cluster, inRotation } = await watched(database.readUrls);
    const pool = cluster.replicaNodes[0]!.pool;
    const all = await Promise.all(Array.from({ length: pool.stats.size }, () => acquire(pool)));
    await expect(acquire(pool)).rejects.toThrow(PoolExhaustedError);
    expect(inRotation()).toEqual(['replica-1', 'replica-2']);
    for (const connection of all) connection.release();
  });

  it('is not what a busy process takes it for that hears of its answers late', async () => {
    const probeTimeoutMs = 1_500;
    const { cluster } = await watched(database.readUrls, { health: { ...HEALTH_DEFAULTS, probeTimeoutMs } });
    const transitions = transitionsOf(cluster);
    const { pool, probe } = cluster.replicaNodes[0]!;
    const all = await Promise.all(Array.from({ length: pool.stats.size }, () => acquire(pool)));
    const run = probe.run.bind(probe);
    let probes = 0;
    probe.run = (heartbeat) => {
      const asked = run(heartbeat);
      standStill(probeTimeoutMs + 100);
      probes += 1;
      return asked;
    };
    await eventually(() => probes >= 2);
    probe.run = run;
    expect(transitions).toEqual([]);
    for (const connection of all) connection.release();
  });
});
