import { eventually, type TestDatabase } from '@fourfold-tools/testing';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PoolExhaustedError } from '../errors.js';
import { proxiedCluster, routesTo } from '../testing/proxied-cluster.js';
import { ask, Note, routedDatabase } from '../testing/routed-database.js';
import { acquire } from '../testing/test-pool.js';

const DEADLINE_MS = 30_000;
const READS = 200;

let database: TestDatabase;
let routed: Awaited<ReturnType<typeof proxiedCluster>> | undefined;
let tableLock: Connection;

beforeAll(async () => {
  database = await routedDatabase();
  await ask(database.migrateUrl, 'CREATE TABLE writes (id BIGINT AUTO_INCREMENT PRIMARY KEY)');
  tableLock = await createConnection({ uri: database.rootUrl });
});
afterAll(async () => {
  await tableLock.end();
  await database.drop();
});
afterEach(async () => {
  await tableLock.query('UNLOCK TABLES');
  await routed?.close();
});

/** No replica, and a line that is long enough for every read. The primary has 16 connections. */
async function withoutReplicas(fallbackReads: number) {
  routed = await proxiedCluster(database, {
    options: { primaryConnections: 16, replicaConnections: 2 },
    cluster: {
      reads: {
        replicaDeadlineMs: 1_000,
        deadlineMs: DEADLINE_MS,
        waitMs: 150,
        fallbackReads,
        fallbackLine: READS,
      },
    },
  });
  await Promise.all(routed.replicas.map(({ proxy }) => proxy.close()));
  await eventually(() => routed?.inRotation().length === 0);
  return routed;
}

/** Reads of `notes` that get no answer before the table is unlocked; writes go to another table. */
async function slowReads({ dataSource }: { dataSource: NonNullable<typeof routed>['dataSource'] }) {
  await tableLock.query('LOCK TABLES notes WRITE');
  const reads = Promise.allSettled(
    Array.from({ length: READS }, () => dataSource.getRepository(Note).find()),
  );
  return async () => {
    await tableLock.query('UNLOCK TABLES');
    return (await reads).filter(({ status }) => status === 'rejected').length;
  };
}

/** Reads that the primary is working on, as itself says. */
async function readsOnPrimary(): Promise<number> {
  const list = await ask(database.rootUrl, 'SHOW FULL PROCESSLIST');
  return list.filter(({ db, Info }) => db === database.name && String(Info).startsWith('SELECT `Note`'))
    .length;
}

const write = ({ dataSource }: { dataSource: NonNullable<typeof routed>['dataSource'] }) =>
  dataSource.query('INSERT INTO writes () VALUES ()');

describe('with every replica down, 200 slow reads', () => {
  it('naive twin: without a bound they take every connection of the primary, and writes are starved', async () => {
    const unbounded = await withoutReplicas(16);
    const finish = await slowReads(unbounded);
    await eventually(async () => expect(await readsOnPrimary()).toBe(16));
    await expect(write(unbounded)).rejects.toThrow(PoolExhaustedError);
    expect(await finish()).toBe(0);
  });

  it('are on the primary eight at a time: writes get their connections at once, and all are answered in the end', async () => {
    const bounded = await withoutReplicas(8);
    const { cluster } = bounded;
    const finish = await slowReads(bounded);
    await eventually(async () => expect(await readsOnPrimary()).toBe(8));
    expect([cluster.router.gate.used, cluster.router.gate.waiting]).toEqual([8, READS - 8]);
    expect(cluster.primaryPool.stats).toMatchObject({ used: 8, pending: 0 });
    for (let more = 0; more < 20; more += 1) await write(bounded);
    const connection = await acquire(cluster.primaryPool, { readOnly: false }, { withinMs: 500 });
    connection.release();
    expect(await readsOnPrimary()).toBe(8);
    expect(cluster.router.gate.waiting).toBe(READS - 8);

    let most = 0;
    const enter = cluster.primaryPool.acquire.bind(cluster.primaryPool);
    cluster.primaryPool.acquire = (request, callback) => {
      enter(request, callback);
      most = Math.max(most, cluster.primaryPool.stats.used + cluster.primaryPool.stats.pending);
    };
    expect(await finish()).toBe(0);
    expect(most).toBe(8);
    expect([cluster.router.gate.used, cluster.router.gate.waiting]).toEqual([0, 0]);
  });

  it('do not keep a place when they break: the primary restarts, and the next are let in', async () => {
    const bounded = await withoutReplicas(8);
    const finish = await slowReads(bounded);
    await eventually(async () => expect(await readsOnPrimary()).toBe(8));
    bounded.primary.proxy.breakConnections();
    await eventually(async () => expect(await readsOnPrimary()).toBe(8));
    expect(await finish()).toBeLessThanOrEqual(8);
    expect(bounded.cluster.router.gate.used).toBe(0);
  });
});

describe('a replica with all its connections taken', () => {
  it('refuses a read within its deadline, as busy: the primary is not asked in its place', async () => {
    routed = await proxiedCluster(database, { options: { replicaConnections: 1 } });
    const { cluster, dataSource, metrics } = routed;
    const held = await Promise.all(cluster.replicaNodes.map(({ pool }) => acquire(pool)));
    const before = await routesTo(metrics, 'primary');
    const reads = Array.from({ length: 8 }, () =>
      expect(dataSource.getRepository(Note).find()).rejects.toMatchObject({
        code: 'database-busy',
        status: 503,
        retryAfterSeconds: 1,
      }),
    );
    await Promise.all(reads);
    expect(await routesTo(metrics, 'primary')).toBe(before);
    for (const connection of held) connection.release();
    expect(routed.inRotation()).toEqual(['replica-1', 'replica-2']);
    expect(await dataSource.getRepository(Note).find()).toHaveLength(1);
  });
});
