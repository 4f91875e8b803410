import { randomBytes } from 'node:crypto';
import { eventually, type TestDatabase, testEngine, topology } from '@fourfold-tools/testing';
import { Logger } from '@nestjs/common';
import { createConnection } from 'mysql2/promise';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, type MockInstance, vi } from 'vitest';
import { completeOptions } from '../db-routing.options.js';
import { clusterOptions } from '../cluster/create-cluster.js';
import { counted } from '../testing/outage.fixture.js';
import { proxiedCluster } from '../testing/proxied-cluster.js';
import { routedDatabase } from '../testing/routed-database.js';
import { timeAhead } from '../testing/time.ahead.js';

const idleLeaseMs = 60_000;
/** No statement of these tests is over its own time while the clock is put forward. */
const queryTimeoutMs = 600_000;
const PAST_LEASE_MS = idleLeaseMs + 1;

let database: TestDatabase;
let watched: Awaited<ReturnType<typeof proxiedCluster>>;
let dataSource: DataSource;
let warn: MockInstance<Logger['warn']>;
/** Of the whole file: what a pool has noted of the time must not lie ahead of it. */
let time: ReturnType<typeof timeAhead>;

beforeAll(async () => {
  time = timeAhead();
  database = await routedDatabase();
  const { primary, replica } = clusterOptions(
    completeOptions({ engine: testEngine, primaryUrl: database.appUrl, replicas: [] }),
  );
  watched = await proxiedCluster(database, {
    cluster: {
      primary: { ...primary, connections: 1, idleLeaseMs, queryTimeoutMs },
      replica: { ...replica, connections: 2, idleLeaseMs, queryTimeoutMs },
    },
  });
  ({ dataSource } = watched);
  // A replica would seem to lag by as much as the clock is put forward.
  watched.monitor.stop();
});
afterAll(async () => {
  vi.restoreAllMocks();
  await watched.close();
  await database.drop();
});
beforeEach(() => {
  warn = vi.spyOn(Logger.prototype, 'warn');
});
afterEach(() => {
  warn.mockRestore();
});

const used = () => watched.cluster.primaryPool.stats.used;
const reclaimed = async (node: string) => (await counted('db_reclaimed_connections_total'))[node] ?? 0;
/** What the log says of each connection that was taken back. */
const told = () =>
  warn.mock.calls
    .filter(([, line]) => String(line).includes('taken back'))
    .map(([detail]) => detail as Record<string, unknown>);

it('a transaction that its holder leaves idle is ended, counted, and told of with where it was begun', async () => {
  const before = await reclaimed('primary');
  async function forgetful() {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query("UPDATE notes SET text = 'held'");
    return runner;
  }
  const runner = await forgetful();
  time.by(PAST_LEASE_MS);
  await eventually(() => used() === 0);
  // The only connection, and the only row: both are free.
  await dataSource.query("UPDATE notes SET text = 'free'");
  await expect(runner.commitTransaction()).rejects.toThrow();
  await runner.release();
  expect(await dataSource.query('SELECT text FROM notes')).toEqual([{ text: 'free' }]);
  expect(await reclaimed('primary')).toBe(before + 1);
  expect(told()).toEqual([
    expect.objectContaining({
      node: 'primary',
      inTransaction: true,
      sql: "UPDATE notes SET text = 'held'",
      takenAt: expect.stringContaining('forgetful'),
    }),
  ]);
});

it('a connection whose holder has released it while it was being made is had back', async () => {
  watched.primary.proxy.breakConnections();
  await eventually(() => watched.cluster.primaryPool.stats.idle === 0);
  const before = await reclaimed('primary');
  const runner = dataSource.createQueryRunner();
  const connecting = runner.connect();
  await runner.release();
  await connecting;
  expect(used()).toBe(1);
  time.by(PAST_LEASE_MS);
  await eventually(() => used() === 0);
  expect(await reclaimed('primary')).toBe(before + 1);
  expect(told()[0]).toMatchObject({ inTransaction: false, sql: '' });
});

it('a holder whose statement takes longer than that keeps its connection', async () => {
  const before = await reclaimed('primary');
  const lock = `reclaim-${randomBytes(5).toString('hex')}`;
  const holder = await createConnection({ uri: topology().primary.rootUrl });
  await holder.query('DO GET_LOCK(?, 0)', [lock]);
  const answer = dataSource.query(`SELECT CAST(GET_LOCK('${lock}', 60) AS CHAR) AS got`);
  await eventually(() => used() === 1);
  const looks = vi.spyOn(watched.cluster, 'onPrimarySuspicion');
  time.by(PAST_LEASE_MS);
  await eventually(() => looks.mock.calls.length > 1);
  looks.mockRestore();
  await holder.end();
  expect(await answer).toEqual([{ got: '1' }]);
  expect(await reclaimed('primary')).toBe(before);
});

it('of reads, for which a note of each would cost too much, the next one is told of with its place', async () => {
  async function leakReader() {
    const runner = dataSource.createQueryRunner('slave');
    await runner.query('SELECT 1');
  }
  for (const takenAt of [expect.stringContaining('not known'), expect.stringContaining('leakReader')]) {
    warn.mockClear();
    await leakReader();
    time.by(PAST_LEASE_MS);
    await eventually(() => expect(told()).toEqual([expect.objectContaining({ sql: 'SELECT 1', takenAt })]));
  }
});
