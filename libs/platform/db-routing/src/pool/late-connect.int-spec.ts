import { engineVariables, eventually, FaultProxy, topology } from '@fourfold-tools/testing';
import { withDeadline } from '@fourfold/kernel';
import { createPool } from 'mysql2/promise';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseUnavailableError } from '../errors.js';
import { acquire, ended, query, testPool } from '../testing/test-pool.js';

let proxy: FaultProxy;

/** A gate: connections are accepted, and come to nothing until the proxy is opened. */
beforeEach(async () => {
  proxy = await new FaultProxy(topology().primary.appUrl).open();
  await proxy.freeze();
});
afterEach(() => proxy.close());

describe('a connection that is made after its caller has given up', () => {
  it('naive twin: a deadline around getConnection leaks it, and the pool is empty for good', async () => {
    const pool = createPool({ uri: proxy.url, connectionLimit: 1 });
    const opened = new Promise((resolve) => pool.pool.on('connection', resolve));
    const naive = () => withDeadline(pool.getConnection(), 100, () => new Error('deadline'));
    await expect(naive()).rejects.toThrow('deadline');
    await proxy.open();
    await opened;
    await expect(naive()).rejects.toThrow('deadline');
    await pool.end();
  });

  it('waits for the next one', async () => {
    const pool = testPool(proxy.url, { acquireDeadlineMs: 100, connectTimeoutMs: 10_000 });
    await expect(acquire(pool)).rejects.toThrow(DatabaseUnavailableError);
    await proxy.open();
    await eventually(() => pool.stats.idle === 1);
    expect(pool.stats).toEqual({ size: 1, used: 0, idle: 1, pending: 0 });
    const connection = await acquire(pool);
    expect(await query(connection, `SELECT ${engineVariables.isolationLevel} AS isolation`)).toEqual([
      { isolation: 'READ-COMMITTED' },
    ]);
    connection.release();
    expect(proxy.accepted).toBe(1);
    await ended(pool);
  });

  it('serves the caller that waits by then, for which the pool opens no further connection', async () => {
    const pool = testPool(proxy.url, { connections: 4, acquireDeadlineMs: 100, connectTimeoutMs: 10_000 });
    await expect(acquire(pool)).rejects.toThrow(DatabaseUnavailableError);
    const waiting = acquire(pool, { readOnly: false }, { withinMs: 10_000 });
    await proxy.open();
    const connection = await waiting;
    connection.release();
    expect([proxy.accepted, pool.stats.idle]).toEqual([1, 1]);
    await ended(pool);
  });

  it('is closed when the pool was closed meanwhile', async () => {
    const pool = testPool(proxy.url, { acquireDeadlineMs: 10_000, connectTimeoutMs: 10_000 });
    const waiting = Promise.all([acquire(pool), acquire(pool)].map((turn) => expect(turn).rejects.toThrow()));
    await ended(pool);
    await waiting;
    await proxy.open();
    await eventually(() => proxy.openConnections === 0);
    expect(proxy.accepted).toBeLessThanOrEqual(1);
  });
});
