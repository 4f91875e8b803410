import { HealthRegistry } from '@fourfold/observability/health-registry';
import { eventually, FaultProxy, type TestDatabase } from '@fourfold-tools/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { DataSource, type QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ForwardMigration } from './migrations/forward.migration.js';
import { RoutingPoolCluster } from './cluster/routing-pool.cluster.js';
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

/** A migration that sends `statements`, and how often it was begun. */
function migrationOf(...statements: string[]) {
  let begun = 0;
  class Migration1764000000200 extends ForwardMigration {
    readonly name = 'Migration1764000000200';

    async up(runner: QueryRunner): Promise<void> {
      begun += 1;
      for (const statement of statements) await runner.query(statement);
    }
  }
  return { Migration: Migration1764000000200, begun: () => begun };
}

describe('migrations that the application runs at its start', () => {
  /** What the start comes to: 'started', its error, or 'begun again'. */
  async function outcomeOf({ Migration, begun }: ReturnType<typeof migrationOf>): Promise<string> {
    const own = await routedDatabase();
    const typeOrm = { migrations: [Migration], migrationsRun: true };
    const starting = routedApp({ ...own, appUrl: own.migrateUrl }, { typeOrm, queryTimeoutMs: 200 });
    onTestFinished(() => own.drop());
    onTestFinished(() => starting.then((app) => app.close()).catch(() => {}));
    let outcome = '';
    void starting.then(
      () => (outcome = 'started'),
      (error: Error) => (outcome = error.message),
    );
    await eventually(() => outcome !== '' || begun() > 1, { deadlineMs: 20_000 });
    return outcome || 'begun again';
  }

  it('fail once where they are broken, and with their own error', async () => {
    const broken = migrationOf('ALTER TABLE no_such_table ADD COLUMN more INT');
    expect(await outcomeOf(broken)).toContain("no_such_table' doesn't exist");
    expect(broken.begun()).toBe(1);
  });

  it('take as long as they need, whether they change the schema or fill it', async () => {
    const slow = migrationOf(
      'CREATE TABLE slow AS SELECT SLEEP(1.5) AS slept',
      'UPDATE slow SET slept = SLEEP(1.5)',
    );
    expect(await outcomeOf(slow)).toBe('started');
    expect(slow.begun()).toBe(1);
  });
});

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
      expect(await app.get(DataSource).query('SELECT @@server_id AS id')).toEqual([{ id: servers.primary }]);
      // A replica that had the first heartbeat since the outage only after it was looked at is taken up at the next look.
      await eventually(async () => {
        for (const { probe } of app.get(HealthRegistry).entries) await probe();
        expect(await readers(app.get(DataSource))).toEqual([...servers.replicas].sort());
      });
      // Each attempt added all nodes again: what the earlier ones opened is closed.
      expect(app.get(RoutingPoolCluster).pools.map((pool) => pool.stats.used)).toEqual([0, 0, 0]);
    },
  );

  it('needs no replica at all', async () => {
    const app = await started(routedApp(database, { replicas: [] }));
    expect(await readers(app.get(DataSource))).toEqual([servers.primary]);
  });
});
