import { withDeadline } from '@fourfold/kernel';
import { engineVariables, eventually, FaultProxy, topology } from '@fourfold-tools/testing';
import { createPool } from 'mysql2';
import { afterEach, describe, expect, it } from 'vitest';
import { DatabaseUnavailableError, PoolExhaustedError } from '../errors.js';
import { MovableAddress } from '../testing/movable.address.js';
import { acquire, acquireFirst, ended, query, testPool } from '../testing/test-pool.js';
import type { NodePool } from './node.pool.js';
import type { NodePoolOptions } from './pool.options.js';
import { ask } from '../testing/routed-database.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function open(options: Partial<NodePoolOptions> = {}, url = topology().primary.appUrl): NodePool {
  const pool = testPool(url, options);
  cleanups.push(() => ended(pool));
  return pool;
}

describe('a pool whose connections are all out', () => {
  it('naive twin: a deadline around getConnection alone leaks the connection that comes late', async () => {
    const pool = createPool({ uri: topology().primary.appUrl, connectionLimit: 1 }).promise();
    cleanups.push(() => pool.end());
    const naive = (withinMs = 100) =>
      withDeadline(pool.getConnection(), withinMs, () => new Error('deadline'));
    const first = await naive(10_000);
    await expect(naive()).rejects.toThrow('deadline');
    first.release();
    await expect(naive()).rejects.toThrow('deadline');
  });

  it('refuses after the acquire deadline, and takes back the connection that comes late', async () => {
    const pool = open();
    const first = await acquireFirst(pool);
    const refused = acquire(pool);
    await expect(refused).rejects.toThrow(PoolExhaustedError);
    await expect(refused).rejects.toMatchObject({ status: 503, code: 'database-busy', retryAfterSeconds: 1 });
    first.release();
    const second = await acquire(pool);
    expect(pool.stats.used).toBe(1);
    second.release();
    expect(pool.stats.used).toBe(0);
  });

  it('hands a connection to the caller that still waits behind one that has given up', async () => {
    const pool = open({ acquireDeadlineMs: 300 });
    const first = await acquireFirst(pool);
    await expect(acquire(pool)).rejects.toThrow(PoolExhaustedError);
    const waiting = acquire(pool);
    first.release();
    (await waiting).release();
    expect(pool.stats.used).toBe(0);
  });

  it('refuses a further caller at once when two for each connection are waiting already', async () => {
    const pool = open({ acquireDeadlineMs: 60_000 });
    const first = await acquire(pool);
    const waiting = [acquire(pool), acquire(pool)];
    const refused: Error = await acquire(pool).then(
      () => expect.unreachable(),
      (reason: Error) => reason,
    );
    expect(refused).toBeInstanceOf(PoolExhaustedError);
    expect(refused.message).toContain('as many callers wait for one as may');
    first.release();
    for (const turn of waiting) (await turn).release();
    expect(pool.stats.used).toBe(0);
  });
});

describe('mostWaiting', () => {
  it.each([1, 5])('is how many callers wait: %i', async (mostWaiting) => {
    const pool = testPool(topology().primary.appUrl, { acquireDeadlineMs: 10_000, mostWaiting });
    cleanups.push(() => ended(pool));
    const first = await acquireFirst(pool);
    const outcomes = Array.from({ length: 7 }, () =>
      acquire(pool).then(
        (connection) => connection.release(),
        (error: Error) => error,
      ),
    );
    expect(pool.stats.pending).toBe(mostWaiting);
    first.release();
    const refused = (await Promise.all(outcomes)).filter((one) => one instanceof PoolExhaustedError);
    expect(refused).toHaveLength(7 - mostWaiting);
  });
});

describe('a caller who waits when no new connection can be made', () => {
  it('has one of those in use as soon as that is free, and a new one when it can be made again', async () => {
    const url = topology().primary.appUrl;
    const address = new MovableAddress(url);
    let failures = 0;
    const options = { connections: 2, acquireDeadlineMs: 20_000 };
    const pool = testPool(
      url,
      options,
      { suspicious: () => void (failures += 1) },
      { stream: address.stream },
    );
    cleanups.push(() => ended(pool));
    const first = await acquire(pool);
    address.moveTo('mysql://127.0.0.1:1');
    const waiting = acquire(pool);
    await eventually(() => failures > 0);
    first.release();
    const second = await waiting;
    expect(second.threadId).toBe(first.threadId);

    const third = acquire(pool);
    address.moveTo(url);
    expect((await third).threadId).not.toBe(second.threadId);
    for (const connection of [second, await third]) connection.release();
  });

  it('is refused at once where there is none that could become free', async () => {
    const pool = testPool(
      topology().primary.appUrl,
      { acquireDeadlineMs: 60_000 },
      {},
      {
        stream: new MovableAddress('mysql://127.0.0.1:1').stream,
      },
    );
    cleanups.push(() => ended(pool));
    await expect(acquire(pool)).rejects.toThrow(DatabaseUnavailableError);
  });
});

describe('a connection', () => {
  it('has its session set up before a caller gets it', async () => {
    const connection = await acquireFirst(open());
    const [row] = await query(
      connection,
      `SELECT ${engineVariables.isolationLevel} AS isolation, CAST(@@innodb_lock_wait_timeout AS CHAR) AS wait`,
    );
    expect(row).toEqual({ isolation: 'READ-COMMITTED', wait: '5' });
    connection.release();
  });

  it('whose session can not be set up is not used: the caller gets an error, the process lives', async () => {
    const pool = open({ sessionSetup: ['SET SESSION no_such_variable = 1'], acquireDeadlineMs: 2_000 });
    await expect(acquire(pool)).rejects.toThrow(DatabaseUnavailableError);
    expect(pool.stats.used).toBe(0);
  });

  it('that the server kills is no longer counted as out, and the next one is new', async () => {
    const pool = open({ acquireDeadlineMs: 2_000 });
    const connection = await acquire(pool);
    await ask(topology().primary.rootUrl, `KILL ${connection.threadId}`);
    await expect(query(connection, 'SELECT 1')).rejects.toThrow();
    connection.release();
    expect(pool.stats.used).toBe(0);
    const next = await acquire(pool);
    await expect(query(next, 'SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
    next.release();
  });

  it('that can not be made is a database that does not answer, and one is made when it is back', async () => {
    const proxy = new FaultProxy(topology().primary.appUrl);
    await proxy.open();
    cleanups.push(() => proxy.close());
    const pool = open({ acquireDeadlineMs: 2_000 }, proxy.url);
    await proxy.close();
    const refused = acquire(pool);
    await expect(refused).rejects.toThrow(DatabaseUnavailableError);
    await expect(refused).rejects.toMatchObject({ status: 503, code: 'database-unavailable' });
    await proxy.open();
    (await acquire(pool)).release();
  });
});
