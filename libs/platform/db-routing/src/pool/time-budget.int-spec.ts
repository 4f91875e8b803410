import { TimeBudget } from '@fourfold/kernel';
import { eventually, type TestDatabase, testEngine, topology } from '@fourfold-tools/testing';
import { runWithin } from '@fourfold/observability/request-context';
import type { PoolConnection } from 'mysql2';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { givenUpOf } from '../driver-error.js';
import { LeavingRequest } from '../testing/leaving.request.js';
import { ask, Note, routedDatabase } from '../testing/routed-database.js';
import { acquire, acquireFirst, ended, query, testPool } from '../testing/test-pool.js';
import { watchedCluster } from '../testing/watched-cluster.js';
import { inTransaction } from '../transaction.js';
import type { NodePool } from './node.pool.js';

const CROSS_JOIN = ['a', 'b', 'c', 'd', 'e'].map((n) => `information_schema.COLLATIONS ${n}`).join();
/** A server that waits notices that its client has gone; one that computes does not. */
const heavy = (mark: string) => `SELECT /* ${mark} */ COUNT(*) FROM ${CROSS_JOIN}`;

const running = async (mark: string) => {
  const list = await ask(topology().primary.rootUrl, 'SHOW FULL PROCESSLIST');
  return list.some(({ Info }) => String(Info).startsWith(heavy(mark)));
};
const codeOf = (error: unknown) => givenUpOf(error)?.code ?? error;

function pool(options: Parameters<typeof testPool>[1] = {}): NodePool {
  const made = testPool(topology().primary.appUrl, { queryTimeoutMs: 60_000, ...options });
  onTestFinished(async () => void (await ended(made)));
  return made;
}

const patient = { withinMs: 30_000 };
const acquireFor = (from: NodePool, budget: TimeBudget) =>
  acquire(from, { readOnly: false, budget }, patient);
const LIMIT = testEngine === 'mysql' ? '@@max_execution_time / 1000' : '@@max_statement_time';
const limitOf = async (connection: PoolConnection) =>
  Number((await query(connection, `SELECT ${LIMIT} AS seconds`))[0]!['seconds']);

describe('a statement of a request', () => {
  it('naive twin: the server goes on with it when nothing ties it to the request', async () => {
    const own = pool();
    const connection = await acquireFirst(own);
    const answer = query(connection, heavy('untied')).catch((error: unknown) => error);
    await eventually(() => running('untied'));
    connection.destroy();
    await answer;
    // Its client has gone, and what the server computes is for none.
    expect(await running('untied')).toBe(true);
    const list = await ask(topology().primary.rootUrl, 'SHOW FULL PROCESSLIST');
    const { Id } = list.find(({ Info }) => String(Info).startsWith(heavy('untied')))!;
    await ask(topology().primary.rootUrl, `KILL ${Number(Id)}`);
  });

  it.each(['client-gone', 'deadline-exceeded'])('is ended on the server: %s', async (code) => {
    const own = pool();
    const budget = new LeavingRequest(code === 'client-gone' ? 600_000 : 1_000);
    const connection = await acquireFor(own, budget);
    const answer = query(connection, heavy(code)).catch(codeOf);
    if (code === 'client-gone') {
      await eventually(() => running(code));
      budget.isGone = true;
    }
    expect(await answer).toBe(code);
    await eventually(async () => !(await running(code)));
    connection.release();
    // The pool has another connection for the next caller.
    const next = await acquireFirst(own);
    expect(await query(next, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    next.release();
  });

  it('is not sent once the request is over; what was begun is rolled back', async () => {
    const own = pool();
    const budget = new LeavingRequest();
    const connection = await acquireFor(own, budget);
    await query(connection, 'BEGIN');
    budget.isGone = true;
    expect(await query(connection, 'SELECT 1').catch(codeOf)).toBe('client-gone');
    expect(await query(connection, 'COMMIT').catch(codeOf)).toBe('client-gone');
    await query(connection, 'ROLLBACK');
    connection.release();
    expect(own.stats).toMatchObject({ used: 0, idle: 1 });
    expect(await acquireFor(own, budget).catch(codeOf)).toBe('client-gone');
  });

  it('has no more on the server than is left, to a factor of two', async () => {
    const own = pool({ queryTimeoutMs: 64_000 });
    const limits: number[] = [];
    for (const leftMs of [50_000, 30_000, 15_000]) {
      const connection = await acquireFor(own, new TimeBudget(performance.now() + leftMs));
      limits.push(await limitOf(connection));
      connection.release();
    }
    const unlimited = await acquireFirst(own);
    limits.push(await limitOf(unlimited));
    unlimited.release();
    expect(limits).toEqual([64, 32, 16, 64]);
  });
});

describe('a request that waits for a connection', () => {
  it('waits no longer than it has, and then its error is its own', async () => {
    const own = pool();
    const held = await acquireFirst(own);
    const waiting = acquireFor(own, new TimeBudget(performance.now() + 100));
    expect(await waiting.catch(codeOf)).toBe('deadline-exceeded');
    held.release();
  });

  it('gets none when its client has gone: the one behind it does', async () => {
    const own = pool();
    const held = await acquireFirst(own);
    const budget = new LeavingRequest();
    const gone = acquireFor(own, budget).catch(codeOf);
    const behind = acquireFor(own, new LeavingRequest());
    budget.isGone = true;
    held.release();
    expect(await gone).toBe('client-gone');
    (await behind).release();
  });
});

describe('a request', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await routedDatabase();
  });
  afterAll(() => database.drop());

  it('leaves no write behind that was not committed, and lets go of its locks', async () => {
    const { dataSource, close } = await watchedCluster({
      options: { primaryUrl: database.appUrl, replicas: database.readUrls },
    });
    onTestFinished(close);
    const other = await createConnection({ uri: database.appUrl });
    onTestFinished(() => other.end());
    await other.query('BEGIN');
    await other.query("UPDATE notes SET text = 'held' WHERE id = 1");
    const budget = new LeavingRequest();
    const writing = runWithin(budget, () =>
      inTransaction(dataSource, async (manager) => {
        await manager.insert(Note, { text: 'of one who has gone' });
        await manager.query("UPDATE notes SET text = 'late' WHERE id = 1");
      }),
    ).catch(codeOf);
    const isWaiting = async () =>
      (await ask(topology().primary.rootUrl, 'SHOW FULL PROCESSLIST')).some(({ Info }) =>
        String(Info).includes("text = 'late'"),
      );
    await eventually(isWaiting);
    budget.isGone = true;
    expect(await writing).toBe('client-gone');
    // Well before the lock, which is still held, would have been given up.
    await eventually(async () => !(await isWaiting()));
    await other.query('COMMIT');
    const texts = (await ask(database.appUrl, 'SELECT text FROM notes')).map(({ text }) => String(text));
    expect(texts).toEqual(['held']);
  });

  it('is told that its time is over where TypeORM reads for it too', async () => {
    const { dataSource, close } = await watchedCluster({
      options: { primaryUrl: database.appUrl, replicas: database.readUrls },
    });
    onTestFinished(close);
    const budget = new LeavingRequest(1_000);
    const reading = runWithin(budget, () => dataSource.query(heavy('by TypeORM'))).catch(codeOf);
    expect(await reading).toBe('deadline-exceeded');
    const find = () => dataSource.getRepository(Note).find();
    expect(await runWithin(budget, find).catch(codeOf)).toBe('deadline-exceeded');
    expect(await find()).toHaveLength(1);
  });
});
