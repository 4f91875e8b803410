import { randomBytes } from 'node:crypto';
import { eventually, topology } from '@fourfold-tools/testing';
import { type Connection, createConnection, createPool } from 'mysql2/promise';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { queryTimeoutOf } from '../driver-error.js';
import { QueryTimeoutError } from '../errors.js';
import { ask } from '../testing/routed-database.js';
import { acquire, ended, query, testPool } from '../testing/test-pool.js';

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
afterEach(() => holder.end());

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
    expect(pool.outstanding).toBe(0);
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
    const pool = testPool(topology().primary.appUrl, { queryTimeoutMs: 1_500, acquireDeadlineMs: 2_000 });
    const connection = await acquire(pool);
    const row = Array.from({ length: 4 }, () => query(connection, 'SELECT SLEEP(0.5) AS woken'));
    for (const answer of row) expect(await answer).toEqual([{ woken: 0 }]);
    connection.release();
    await eventually(() => pool.stats.idle === 1);
    await ended(pool);
  });
});
