import { eventually, type TestDatabase, topology } from '@fourfold-tools/testing';
import type { INestApplicationContext } from '@nestjs/common';
import type { PoolConnection } from 'mysql2';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RoutingPoolCluster } from './routing-pool.cluster.js';
import { ask, readers, routedApp, routedDatabase, serverIds } from './testing/routed-database.js';
import { TcpProxy } from './testing/tcp-proxy.js';
import { watchedCluster } from './testing/watched-cluster.js';

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

async function proxyOf(url: string): Promise<TcpProxy> {
  const proxy = await new TcpProxy(url).open();
  cleanups.push(() => proxy.close());
  return proxy;
}

async function watched(...how: Parameters<typeof watchedCluster>) {
  const cluster = await watchedCluster(...how);
  cleanups.push(cluster.close);
  return cluster;
}

const sqlThread = (verb: 'START' | 'STOP') =>
  ask(topology().replicas[1]?.rootUrl ?? '', `${verb} SLAVE SQL_THREAD`);

describe('a replica whose SQL thread is stopped', () => {
  it('leaves the rotation once it is too far behind, and comes back when it has caught up', async () => {
    // 5 s and 2 s in earnest; other tests use the same replica.
    const lag = { ejectMs: 1_000, readmitMs: 400 };
    const { dataSource, inRotation } = await watched(database.appUrl, database.readUrls, lag);
    expect(inRotation()).toEqual(['replica-1', 'replica-2']);
    cleanups.push(() => sqlThread('START'));
    await sqlThread('STOP');
    const stoppedMs = performance.now();
    await eventually(() => inRotation().join() === 'replica-1');
    expect(performance.now() - stoppedMs).toBeGreaterThan(900);
    expect(await readers(dataSource)).toEqual([servers.replicas[0]]);
    await sqlThread('START');
    await eventually(() => inRotation().length === 2);
    expect(await readers(dataSource)).toEqual([...servers.replicas].sort());
  });
});

describe('a replica that can not be reached', () => {
  it('costs no read an error, leaves the rotation, and comes back by itself', async () => {
    const [one = '', two = ''] = database.readUrls;
    const proxy = await proxyOf(two);
    const { dataSource, inRotation } = await watched(database.appUrl, [one, proxy.url]);
    expect(inRotation()).toEqual(['replica-1', 'replica-2']);
    await proxy.close();
    expect(await readers(dataSource)).toEqual([servers.replicas[0]]);
    await eventually(() => inRotation().join() === 'replica-1');
    await proxy.open();
    await eventually(() => inRotation().length === 2);
  });

  it('is one of all: reads are answered by the primary, and by replicas again when they are back', async () => {
    const proxies = await Promise.all(database.readUrls.map(proxyOf));
    const { dataSource, inRotation } = await watched(
      database.appUrl,
      proxies.map(({ url }) => url),
    );
    await Promise.all(proxies.map((proxy) => proxy.close()));
    expect(await readers(dataSource)).toEqual([servers.primary]);
    await eventually(() => inRotation().length === 0);
    expect(await readers(dataSource)).toEqual([servers.primary]);
    await Promise.all(proxies.map((proxy) => proxy.open()));
    await eventually(() => inRotation().length === 2);
    expect(await readers(dataSource)).toEqual([...servers.replicas].sort());
  });

  it('is not what a replica with all its connections taken is: that one stays in rotation', async () => {
    const { cluster, inRotation } = await watched(database.appUrl, database.readUrls);
    const { pool } = cluster.replicas.get('replica-1') ?? cluster.primary;
    const take = () =>
      new Promise<PoolConnection | undefined>((taken) =>
        pool.acquire((_error, connection) => taken(connection)),
      );
    const all = await Promise.all(Array.from({ length: pool.size }, take));
    expect(await take()).toBeUndefined();
    expect(inRotation()).toEqual(['replica-1', 'replica-2']);
    for (const connection of all) connection?.release();
  });
});

describe('a primary that can not be reached', () => {
  it('fails writes at once, ages no replica, and takes writes when it is back', async () => {
    const proxy = await proxyOf(database.appUrl);
    const { dataSource, clock, inRotation } = await watched(proxy.url, database.readUrls);
    await proxy.close();
    // The connections that were open are found broken first, then none can be made.
    await eventually(() =>
      expect(dataSource.query('SELECT 1')).rejects.toMatchObject({ code: 'database-unavailable' }),
    );
    clock.aheadMs = 60_000;
    await eventually(async () => (await readers(dataSource)).length === 2);
    expect(inRotation()).toEqual(['replica-1', 'replica-2']);
    await proxy.open();
    await dataSource.query("INSERT INTO notes (text) VALUES ('back')");
  });
});

describe('an application', () => {
  let app: INestApplicationContext;
  afterEach(() => app.close());

  it('starts without its replicas, reads from the primary, and takes them up when they come', async () => {
    const [one = ''] = database.readUrls;
    const proxy = await proxyOf(one);
    await proxy.close();
    app = await routedApp(database, { replicaUrls: [proxy.url] });
    expect(await readers(app.get(DataSource))).toEqual([servers.primary]);
    await proxy.open();
    await eventually(async () => (await readers(app.get(DataSource))).join() === servers.replicas[0]);
  });

  it('starts before its primary does, and works when that has come', async () => {
    const proxy = await proxyOf(database.appUrl);
    await proxy.close();
    const asked = vi.spyOn(RoutingPoolCluster.prototype, 'getConnection');
    const added = vi.spyOn(RoutingPoolCluster.prototype, 'add');
    const starting = routedApp({ ...database, appUrl: proxy.url });
    await eventually(() => asked.mock.calls.length > 0);
    await proxy.open();
    app = await starting;
    expect(added.mock.calls.map(([id]) => id)).toEqual([
      'SLAVE0',
      'SLAVE1',
      'MASTER',
      'SLAVE0',
      'SLAVE1',
      'MASTER',
    ]);
    vi.restoreAllMocks();
    expect(await app.get(DataSource).query('SELECT @@server_id AS id')).toEqual([{ id: servers.primary }]);
    expect(await readers(app.get(DataSource))).toEqual([...servers.replicas].sort());
  });

  it('needs no replica at all', async () => {
    app = await routedApp(database, { replicaUrls: [] });
    expect(await readers(app.get(DataSource))).toEqual([servers.primary]);
  });
});
