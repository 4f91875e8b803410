import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  engineVariables,
  eventually,
  FaultProxy,
  type TestDatabase,
  topology,
} from '@fourfold-tools/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { type Connection, createConnection, createPool } from 'mysql2/promise';
import { DataSource, type QueryRunner } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { queryTimeoutOf } from '../driver-error.js';
import { QueryTimeoutError } from '../errors.js';
import { RoutingPoolCluster } from '../cluster/routing-pool.cluster.js';
import { ask, routedApp, routedDatabase } from '../testing/routed-database.js';
import { acquire, acquireFirst, ended, query, testPool } from '../testing/test-pool.js';
import { timeAhead } from '../testing/time.ahead.js';
import { ask as askPool } from './ask.js';
import { withQueryTimeout } from './statement.limit.js';

const limitMs = 200;
/** Errors of a server that has ended a statement: of MariaDB, of MySQL. */
const ENDED_BY_SERVER = [1969, 3024];
/** Of each pool of the small application. */
const CONNECTIONS = 2;
const lock = `query-timeout-${randomBytes(5).toString('hex')}`;
/** Answered when the test lets go of the lock. */
const slow = `SELECT GET_LOCK('${lock}', 60) AS got`;

let holder: Connection;
const letGo = () => holder.query('DO RELEASE_LOCK(?)', [lock]);

beforeEach(async () => {
  holder = await createConnection({ uri: topology().primary.rootUrl });
  await holder.query('DO GET_LOCK(?, 0)', [lock]);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await holder.end();
});

/** A server that waits for a lock notices that its client has gone; one that computes does not. */
const heavy = (mark: string) =>
  `SELECT /* ${mark} */ COUNT(*) FROM ${['a', 'b', 'c', 'd', 'e'].map((n) => `information_schema.COLLATIONS ${n}`).join()}`;

const runs = async (threadId: number) => {
  const list = await ask(topology().primary.rootUrl, 'SHOW PROCESSLIST');
  return list.some(({ Id, Info }) => Id === threadId && Info !== null);
};

describe('a statement that runs for too long', () => {
  it("naive twin: the driver's own limit gives the next user a connection that is still busy", async () => {
    const pool = createPool({ uri: topology().primary.appUrl, connectionLimit: 1 });
    const first = await pool.getConnection();
    await expect(first.query({ sql: slow, timeout: limitMs })).rejects.toMatchObject({
      code: 'PROTOCOL_SEQUENCE_TIMEOUT',
    });
    first.release();
    const next = await pool.getConnection();
    let answered = false;
    const answer = next.query('SELECT 1').then(() => (answered = true));
    expect(await runs(next.threadId)).toBe(true);
    expect(answered).toBe(false);
    await letGo();
    await answer;
    next.release();
    await pool.end();
  });

  it('is ended by the server, and its connection is as good as before', async () => {
    const pool = testPool(topology().primary.appUrl, { queryTimeoutMs: limitMs });
    const connection = await acquireFirst(pool);
    const error: unknown = await query(connection, heavy('ended')).catch((reason: unknown) => reason);
    expect(queryTimeoutOf(error)).toMatchObject({ status: 503, code: 'database-timeout' });
    expect(await query(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    connection.release();
    expect(pool.stats).toMatchObject({ used: 0, idle: 1, pending: 0 });
    await ended(pool);
  });

  it('loses its connection when the server says nothing: the next caller gets a new one', async () => {
    const proxy = await new FaultProxy(topology().primary.appUrl).open();
    const pool = testPool(proxy.url, { queryTimeoutMs: limitMs, acquireDeadlineMs: 2_000 });
    const connection = await acquire(pool);
    await proxy.freeze();
    const error: unknown = await query(connection, 'SELECT 1').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(QueryTimeoutError);
    expect(queryTimeoutOf(error)).toMatchObject({ status: 503, code: 'database-timeout' });
    expect(pool.stats.used).toBe(0);
    connection.release();
    await proxy.open();
    const next = await acquire(pool);
    expect(next.threadId).not.toBe(connection.threadId);
    next.release();
    expect(pool.stats).toMatchObject({ used: 0, idle: 1, pending: 0 });
    await ended(pool);
    await proxy.close();
  });

  it('is not repeated, though it only reads', async () => {
    const proxy = await new FaultProxy(topology().primary.appUrl).open();
    const pool = testPool(proxy.url, { queryTimeoutMs: limitMs, acquireDeadlineMs: 2_000 });
    const elsewhere = () => expect.unreachable('a statement that was slow once is slow again');
    const connection = await acquire(pool, { readOnly: true, elsewhere });
    await proxy.freeze();
    await expect(query(connection, 'SELECT 1')).rejects.toThrow(QueryTimeoutError);
    await ended(pool);
    await proxy.close();
  });

  it('is each by itself: those that wait behind one another have the whole time each', async () => {
    let looks = 0;
    const pool = testPool(
      topology().primary.appUrl,
      { queryTimeoutMs: 60_000, acquireDeadlineMs: 2_000 },
      { suspicious: () => void (looks += 1) },
    );
    const connection = await acquire(pool);
    const locks = [1, 2, 3].map((turn) => `${lock}-${turn}`);
    for (const name of locks) await holder.query('DO GET_LOCK(?, 0)', [name]);
    const row = locks.map((name) => query(connection, `SELECT GET_LOCK('${name}', 60) AS got`));
    const time = timeAhead();
    for (const [turn, answer] of row.entries()) {
      time.by(50_000);
      const before = looks;
      // The pool has looked at the time since: 50 s for the one in hand, up to 150 s for the row of them.
      await eventually(() => looks > before);
      await holder.query('DO RELEASE_LOCK(?)', [locks[turn]]);
      expect(await answer).toEqual([{ got: 1 }]);
    }
    connection.release();
    await eventually(() => pool.stats.idle === 1);
    await ended(pool);
  });
});

describe('the statements in a server', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let dataSource: DataSource;

  /** With the defaults of the module, but for small numbers. */
  beforeAll(async () => {
    database = await routedDatabase();
    const small = {
      primaryConnections: CONNECTIONS,
      replicaConnections: CONNECTIONS,
      queryTimeoutMs: limitMs,
    };
    app = await routedApp(database, small);
    dataSource = app.get(DataSource);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const running = async (mark: string, url = topology().primary.rootUrl) =>
    (await ask(url, 'SHOW PROCESSLIST')).filter(({ Info }) => String(Info).includes(`/* ${mark} */`));

  it('are never more than the pool has connections, however many time out', async () => {
    let most = 0;
    for (let round = 0; round < 3; round += 1) {
      const both = Array.from({ length: CONNECTIONS }, () => dataSource.query(heavy('many')));
      for (const { reason } of (await Promise.allSettled(both)) as PromiseRejectedResult[]) {
        expect(queryTimeoutOf(reason)).toMatchObject({ code: 'database-timeout' });
        // The server has ended it by itself: what the client gives up would run on until it is killed.
        expect(ENDED_BY_SERVER).toContain((reason as { errno?: number }).errno);
      }
      most = Math.max(most, (await running('many')).length);
    }
    // A server may list a statement for a moment after it has sent its error; those that run on would add up.
    expect(most).toBeLessThanOrEqual(CONNECTIONS);
    await eventually(async () => (await running('many')).length === 0);
  });

  it('have the limit on every way to a connection', async () => {
    const limit = `SELECT ${engineVariables.statementLimitMs} AS ms`;
    const runner = dataSource.createQueryRunner('slave');
    onTestFinished(() => runner.release());
    const { primary, replicaNodes } = app.get(RoutingPoolCluster);
    const pools = [primary.pool, primary.probes, ...replicaNodes.map(({ pool }) => pool)];
    const answers = await Promise.all([
      dataSource.query(limit),
      dataSource.transaction((manager) => manager.query(limit)),
      runner.query(limit),
      ...pools.map((pool) => askPool(pool, { sql: limit, withinMs: 5_000 })),
    ]);
    expect(answers).toEqual(answers.map(() => [{ ms: String(limitMs) }]));
  });

  it.each([
    [
      'a stream that gave no row',
      (runner: QueryRunner): Promise<Readable | undefined> => runner.stream(heavy('unlimited')),
    ],
    [
      'what a session has without our limit, as a write has on MySQL',
      async (runner: QueryRunner) => {
        await runner.query('SELECT 1');
        await runner.query(engineVariables.noStatementLimit);
        await runner.query(heavy('unlimited'));
        return undefined;
      },
    ],
  ])('do not hold %s once it was given up', async (_title, start) => {
    const runner = dataSource.createQueryRunner();
    const error: unknown = await start(runner).then(
      (rows) => rows?.toArray().catch((reason: unknown) => reason),
      (reason: unknown) => reason,
    );
    expect(queryTimeoutOf(error)).toMatchObject({ code: 'database-timeout' });
    await runner.release();
    await eventually(async () => (await running('unlimited')).length === 0);
  });

  it('may take longer where their caller says so, and only there', async () => {
    const slept = 'SELECT CAST(SLEEP(1.5) AS CHAR) AS slept';
    const longer = await withQueryTimeout(60_000, () => dataSource.query(slept));
    expect(longer).toEqual([{ slept: '0' }]);
    await dataSource.transaction(async (manager) => {
      const endless = await withQueryTimeout(Infinity, () => manager.query(slept));
      expect(endless).toEqual([{ slept: '0' }]);
      const error: unknown = await manager.query(heavy('limited')).catch((reason: unknown) => reason);
      expect(queryTimeoutOf(error)).toMatchObject({ code: 'database-timeout' });
    });
  });

  it('have no limit where they change the schema, but wait for their table only as long as others may', async () => {
    const owner = await routedApp({ ...database, appUrl: database.migrateUrl }, { queryTimeoutMs: limitMs });
    onTestFinished(() => owner.close());
    await owner.get(DataSource).query('CREATE TABLE slow AS SELECT CAST(SLEEP(1.5) AS CHAR) AS slept');
    expect(await dataSource.query('SELECT slept, @@lock_wait_timeout AS wait FROM slow')).toEqual([
      { slept: '0', wait: '15' },
    ]);
  });
});
