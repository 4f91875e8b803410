import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  createDatabase,
  engineVariables,
  eventually,
  FaultProxy,
  type TestDatabase,
  topology,
} from '@fourfold-tools/testing';
import { createPool, type PoolConnection } from 'mysql2';
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { QueryTimeoutError } from '../errors.js';
import { acquire, ended, query, testPool } from '../testing/test-pool.js';
import { timeAhead } from '../testing/time.ahead.js';
import type { NodePool } from './node.pool.js';
import type { NodePoolOptions } from './pool.options.js';

const ROWS = 30_000;
/** 30 MB: more than lies in any buffer on the way. */
const MANY = `
  SELECT REPEAT('x', 1000) AS filler FROM information_schema.COLLATIONS a, information_schema.COLLATIONS b LIMIT ${ROWS}
`;

let database: TestDatabase;
let proxy: FaultProxy;
let answered: { sql: string; durationMs: number }[];
/** How often a pool has looked after the time of a statement in hand. */
let looks: number;
const pools: NodePool[] = [];

beforeAll(async () => {
  database = await createDatabase(topology(), { node: 'primary' });
});
afterAll(() => database.drop());
beforeEach(async () => {
  answered = [];
  looks = 0;
  proxy = await new FaultProxy(database.appUrl).open();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await proxy.close();
  await Promise.all(pools.splice(0).map(ended));
});

function open(options: Partial<NodePoolOptions> = {}): NodePool {
  const observer = {
    answered: (sql: string, durationMs: number) => void answered.push({ sql, durationMs }),
    suspicious: () => void (looks += 1),
  };
  const pool = testPool(proxy.url, { acquireDeadlineMs: 5_000, ...options }, observer);
  pools.push(pool);
  return pool;
}

const stream = (connection: PoolConnection, sql: string): Readable => connection.query(sql).stream();

async function count(rows: AsyncIterable<unknown>): Promise<number> {
  let read = 0;
  for await (const _row of rows) read += 1;
  return read;
}

/** A stream of which one row was read; its reader has paused it. */
async function paused(connection: PoolConnection) {
  const rows = stream(connection, MANY);
  const reader = rows.iterator();
  await reader.next();
  await eventually(() => rows.readableLength >= rows.readableHighWaterMark);
  return reader;
}

it("naive twin: the driver's own stream from a server that is frozen never ends, when ours has", async () => {
  const naive = createPool({ uri: proxy.url });
  const theirs = await naive.promise().getConnection();
  const ours = await acquire(open({ queryTimeoutMs: 200 }));
  await proxy.freeze();
  let settled = false;
  void count(stream(theirs.connection as unknown as PoolConnection, MANY)).finally(() => (settled = true));
  await expect(count(stream(ours, MANY))).rejects.toThrow(QueryTimeoutError);
  expect(settled).toBe(false);
  theirs.connection.destroy();
  naive.end();
});

it('a stream that stops midway is given up, with what waits behind it, and the pool is whole', async () => {
  const pool = open({ queryTimeoutMs: 200 });
  const connection = await acquire(pool);
  const reader = await paused(connection);
  const behind = expect(query(connection, 'SELECT 1')).rejects.toThrow(QueryTimeoutError);
  await proxy.freeze();
  await expect(count(reader)).rejects.toThrow(QueryTimeoutError);
  await behind;
  connection.release();
  expect(pool.stats).toMatchObject({ used: 0, idle: 0 });
  const [first] = answered;
  expect(first?.sql).toBe(MANY);
  expect(first?.durationMs).toBeGreaterThan(200);
  await proxy.open();
  (await acquire(pool)).release();
});

it('a statement behind a stream has its own time: it begins when the stream has ended', async () => {
  const lock = `behind-${randomBytes(5).toString('hex')}`;
  const holder = await createConnection({ uri: database.appUrl });
  await holder.query('DO GET_LOCK(?, 0)', [lock]);
  const connection = await acquire(open({ queryTimeoutMs: 60_000 }));
  const reader = await paused(connection);
  const behind = query(connection, `SELECT GET_LOCK('${lock}', 60) AS got`);
  const time = timeAhead();
  time.by(50_000);
  expect(await count(reader)).toBe(ROWS - 1);
  await holder.query('DO RELEASE_LOCK(?)', [lock]);
  expect(await behind).toEqual([{ got: 1 }]);
  const [ofStream, ofStatement] = answered;
  expect(ofStream?.durationMs).toBeGreaterThan(50_000);
  expect(ofStatement?.durationMs).toBeLessThan(50_000);
  connection.release();
  await holder.end();
});

it('a stream whose reader is slow is not given up for a minute, and gives every row', async () => {
  const lock = `witness-${randomBytes(5).toString('hex')}`;
  const holder = await createConnection({ uri: database.appUrl });
  await holder.query('DO GET_LOCK(?, 0)', [lock]);
  const pool = open({ connections: 2, queryTimeoutMs: 10_000 });
  const [connection, other] = [await acquire(pool), await acquire(pool)];
  const reader = await paused(connection);
  const witness = query(other, `SELECT GET_LOCK('${lock}', 60)`);
  const time = timeAhead();
  time.by(1_000);
  await eventually(() => looks > 0);
  time.by(55_000);
  // Both have been looked at again: nothing has come for either since.
  await expect(witness).rejects.toThrow(QueryTimeoutError);
  expect(await count(reader)).toBe(ROWS - 1);
  connection.release();
  await eventually(() => pool.stats.idle === 1);
  await holder.end();
});

it('a stream whose reader has gone is taken back', async () => {
  const pool = open({ idleLeaseMs: 60_000 });
  const reader = await paused(await acquire(pool));
  const time = timeAhead();
  // Counted from the look at which the pool has seen that no row is taken; the test's own time is the deadline.
  const isTakenBack = () => {
    time.by(60_001);
    return pool.stats.used === 0;
  };
  await eventually(isTakenBack, { everyMs: 200, deadlineMs: Infinity });
  await expect(count(reader)).rejects.toMatchObject({ code: 'PROTOCOL_CONNECTION_LOST' });
});

it("the server's own limit is lifted for a stream, and is back for the next statement", async () => {
  const connection = await acquire(open({ queryTimeoutMs: 4_000 }));
  const limit = `SELECT ${engineVariables.statementLimitMs} AS ms`;
  expect(await query(connection, limit)).toEqual([{ ms: '4000' }]);
  const inStream = [];
  for await (const row of stream(connection, limit)) inStream.push(row);
  expect(inStream).toEqual([{ ms: '0' }]);
  expect(await query(connection, limit)).toEqual([{ ms: '4000' }]);
  await expect(count(stream(connection, 'SELECT nonsense'))).rejects.toThrow('nonsense');
  expect(await query(connection, limit)).toEqual([{ ms: '4000' }]);
  connection.release();
});

it('a write that fails in a stream has written nothing, and is told of once', async () => {
  const told: string[] = [];
  const listener = {
    transactions: 0,
    committed: () => void told.push('committed'),
    committedUnseen: () => void told.push('unseen'),
  };
  const pool = open();
  const connection = await acquire(pool, { readOnly: false, listener });
  const write = 'INSERT INTO no_such_table VALUES (1)';
  await expect(count(stream(connection, write))).rejects.toMatchObject({ code: 'ER_NO_SUCH_TABLE' });
  connection.release();
  expect([told, answered.map(({ sql }) => sql)]).toEqual([[], [write]]);
  expect(pool.stats).toMatchObject({ used: 0, idle: 1 });
});
