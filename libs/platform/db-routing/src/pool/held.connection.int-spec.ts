import { topology } from '@fourfold-tools/testing';
import { createPool, type PoolConnection, type ResultSetHeader } from 'mysql2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquire, ended, query, testPool } from '../testing/test-pool.js';
import type { NodePool } from './node.pool.js';

/** Of the protocol's status flags. */
const SERVER_STATUS_IN_TRANS = 1;

let pool: NodePool;
beforeEach(() => {
  pool = testPool(topology().primary.appUrl, { acquireDeadlineMs: 2_000 });
});
afterEach(() => ended(pool));

/** The former holder of the pool's only connection, and the present one. */
async function formerAndPresent(): Promise<[PoolConnection, PoolConnection]> {
  const former = await acquire(pool);
  const waiting = acquire(pool);
  former.release();
  return [former, await waiting];
}

describe('who has given a connection back', () => {
  it("naive twin: the driver's own object reaches the next holder's connection, and destroys it", async () => {
    const plain = createPool({ uri: topology().primary.appUrl, connectionLimit: 1 });
    const next = () =>
      new Promise<PoolConnection>((resolve, reject) =>
        plain.getConnection((error, connection) => (error ? reject(error) : resolve(connection))),
      );
    const former = await next();
    former.release();
    const present = await next();
    former.destroy();
    await expect(query(present, 'SELECT 1')).rejects.toThrow();
    await new Promise((done) => plain.end(done));
  });

  it("can't give it back again: it is the next holder's, and his alone", async () => {
    const [former, present] = await formerAndPresent();
    former.release();
    expect(pool.stats).toMatchObject({ used: 1, idle: 0 });
    await expect(acquire(pool, { readOnly: false }, { withinMs: 50 })).rejects.toMatchObject({
      code: 'database-busy',
    });
    present.release();
    present.release();
    expect(pool.stats).toMatchObject({ used: 0, idle: 1 });
  });

  it("can't destroy it", async () => {
    const [former, present] = await formerAndPresent();
    former.destroy();
    expect(await query(present, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    present.release();
  });

  it("can't send anything by it", async () => {
    const [former, present] = await formerAndPresent();
    await query(present, 'START TRANSACTION');
    await expect(query(former, 'COMMIT')).rejects.toThrow('released already');
    await expect(former.promise().query('COMMIT')).rejects.toThrow('released already');
    expect(() => former.query('SELECT 1')).toThrow('released already');
    const { serverStatus } = (await query(present, 'DO 0')) as unknown as ResultSetHeader & {
      serverStatus: number;
    };
    expect(serverStatus & SERVER_STATUS_IN_TRANS).toBe(SERVER_STATUS_IN_TRANS);
    await query(present, 'ROLLBACK');
    present.release();
  });

  it('hears nothing of it', async () => {
    const held = await acquire(pool);
    const heard: string[] = [];
    const listen = () => held.on('error', (error: Error) => heard.push(error.message));
    const before = held.listeners('error').length;
    listen();
    expect(held.listeners('error')).toHaveLength(before + 1);
    held.release();
    listen();
    expect(held.listeners('error')).toEqual([]);
    const present = await acquire(pool);
    expect(present.threadId).toBe(held.threadId);
    expect(present.listeners('error')).toHaveLength(before);
    present.destroy();
    expect(heard).toEqual([]);
  });

  it('after it broke: counts it once, and gives back nothing', async () => {
    const former = await acquire(pool);
    former.destroy();
    former.release();
    former.destroy();
    expect(pool.stats).toMatchObject({ used: 0, idle: 0 });
    (await acquire(pool)).release();
    expect(pool.stats).toMatchObject({ used: 0, idle: 1 });
  });
});

describe('a connection that is given back with a transaction open', () => {
  it('is closed: the next caller does not continue that transaction', async () => {
    const listener = { transactions: 0, committed: () => {}, committedUnseen: () => {} };
    const former = await acquire(pool, { readOnly: false, listener });
    await query(former, 'START TRANSACTION');
    expect(listener.transactions).toBe(1);
    former.release();
    expect(listener.transactions).toBe(0);
    const present = await acquire(pool);
    expect(present.threadId).not.toBe(former.threadId);
    present.release();
  });
});
