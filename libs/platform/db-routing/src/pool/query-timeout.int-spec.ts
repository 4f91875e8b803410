import { randomBytes } from 'node:crypto';
import { eventually, topology } from '@fourfold-tools/testing';
import { type Connection, createConnection, createPool } from 'mysql2/promise';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { queryTimeoutOf } from '../driver-error.js';
import { QueryTimeoutError } from '../errors.js';
import { ask } from '../testing/routed-database.js';
import { acquire, ended, query, testPool } from '../testing/test-pool.js';
import { timeAhead } from '../testing/time.ahead.js';

const limitMs = 200;
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

  it('loses its connection: the caller hears of it, and the next one gets a new one', async () => {
    const pool = testPool(topology().primary.appUrl, { queryTimeoutMs: limitMs, acquireDeadlineMs: 2_000 });
    const connection = await acquire(pool);
    const error: unknown = await query(connection, slow).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(QueryTimeoutError);
    expect(queryTimeoutOf(error)).toMatchObject({ status: 503, code: 'database-timeout' });
    expect(pool.stats.used).toBe(0);
    connection.release();
    const next = await acquire(pool);
    expect(next.threadId).not.toBe(connection.threadId);
    expect(await query(next, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    next.release();
    expect(pool.stats).toMatchObject({ used: 0, idle: 1, pending: 0 });
    await letGo();
    await ended(pool);
  });

  it('is not repeated, though it only reads', async () => {
    const pool = testPool(topology().primary.appUrl, { queryTimeoutMs: limitMs, acquireDeadlineMs: 2_000 });
    const elsewhere = () => expect.unreachable('a statement that was slow once is slow again');
    const connection = await acquire(pool, { readOnly: true, elsewhere });
    await expect(query(connection, slow)).rejects.toThrow(QueryTimeoutError);
    await ended(pool);
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

describe('a statement that was given up', () => {
  /** A server that waits for a lock notices that its client has gone; one that computes does not. */
  const heavy = `SELECT COUNT(*) FROM ${['a', 'b', 'c', 'd', 'e'].map((n) => `information_schema.COLLATIONS ${n}`).join()}`;

  it('is soon ended by the server: naive twin, a session without a limit, runs on', async () => {
    const pool = testPool(topology().primary.appUrl, {
      connections: 2,
      queryTimeoutMs: limitMs,
      acquireDeadlineMs: 2_000,
    });
    const [naive, limited] = [await acquire(pool), await acquire(pool)];
    await query(naive, 'SET SESSION max_statement_time = 0');
    const givenUp = [naive, limited].map((connection) =>
      expect(query(connection, heavy)).rejects.toThrow(QueryTimeoutError),
    );
    await Promise.all(givenUp);
    await eventually(async () => !(await runs(limited.threadId)));
    expect(await runs(naive.threadId)).toBe(true);
    await ask(topology().primary.rootUrl, `KILL ${naive.threadId}`);
    await ended(pool);
  });

  it('by the server itself is as one that we gave up, and its connection is as good as before', async () => {
    const pool = testPool(topology().primary.appUrl);
    const connection = await acquire(pool);
    await query(connection, 'SET SESSION max_statement_time = 0.05');
    const error: unknown = await query(connection, heavy).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ errno: 1969 });
    expect(queryTimeoutOf(error)).toMatchObject({ status: 503, code: 'database-timeout', cause: error });
    expect(await query(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    connection.release();
    await ended(pool);
  });
});
