import { HealthRegistry } from '@fourfold/observability/health-registry';
import { eventually, FaultProxy, type TestDatabase } from '@fourfold-tools/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { RoutingPoolCluster } from './routing/routing-pool.cluster.js';
import { readers, routedApp, routedDatabase, serverIds } from './testing/routed-database.js';

let database: TestDatabase;
let servers: Awaited<ReturnType<typeof serverIds>>;

beforeAll(async () => {
  database = await routedDatabase();
  servers = await serverIds();
});
afterAll(() => database.drop());

async function closedProxyOf(url: string): Promise<FaultProxy> {
  const proxy = await new FaultProxy(url).open();
  onTestFinished(() => proxy.close());
  await proxy.close();
  return proxy;
}

async function started(starting: Promise<INestApplicationContext>): Promise<INestApplicationContext> {
  const app = await starting;
  onTestFinished(() => app.close());
  return app;
}

describe('an application', () => {
  it('starts without its replicas, reads from the primary, and takes them up when they come', async () => {
    const proxy = await closedProxyOf(database.readUrls[0]!);
    const app = await started(routedApp(database, { replicas: [proxy.url] }));
    expect(await readers(app.get(DataSource))).toEqual([servers.primary]);
    await proxy.open();
    await eventually(async () => (await readers(app.get(DataSource))).join() === servers.replicas[0]);
  });

  it.each<[string, (proxy: FaultProxy) => Promise<unknown>]>([
    ['that refuses', (proxy) => proxy.close()],
    ['that accepts and says nothing', (proxy) => proxy.freeze()],
  ])(
    'waits for a primary %s, however often it has to ask, and is ready when that comes',
    async (_title, fault) => {
      const proxy = await closedProxyOf(database.appUrl);
      await fault(proxy);
      const asked = vi.spyOn(RoutingPoolCluster.prototype, 'getConnection');
      onTestFinished(() => asked.mockRestore());
      let isReady = false;
      const starting = routedApp({ ...database, appUrl: proxy.url });
      void starting.then(() => (isReady = true));
      await eventually(() => asked.mock.calls.length >= 3);
      expect(isReady).toBe(false);
      await proxy.open();
      const app = await started(starting);
      for (const { probe } of app.get(HealthRegistry).entries) await probe();
      expect(await app.get(DataSource).query('SELECT @@server_id AS id')).toEqual([{ id: servers.primary }]);
      expect(await readers(app.get(DataSource))).toEqual([...servers.replicas].sort());
      // Each attempt added all nodes again: what the earlier ones opened is closed.
      expect(app.get(RoutingPoolCluster).pools.map((pool) => pool.stats.used)).toEqual([0, 0, 0]);
    },
  );

  it('needs no replica at all', async () => {
    const app = await started(routedApp(database, { replicas: [] }));
    expect(await readers(app.get(DataSource))).toEqual([servers.primary]);
  });
});
