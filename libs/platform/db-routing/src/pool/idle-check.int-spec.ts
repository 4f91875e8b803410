import { eventually, FaultProxy, topology } from '@fourfold-tools/testing';
import { createPool } from 'mysql2/promise';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MovableAddress } from '../testing/movable.address.js';
import { ask } from '../testing/routed-database.js';
import { acquire, ended, query, testPool } from '../testing/test-pool.js';
import { timeAhead } from '../testing/time.ahead.js';
import type { NodePool } from './node.pool.js';
import type { NodePoolOptions } from './pool.options.js';

let proxy: FaultProxy;
let address: MovableAddress;
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  proxy = await new FaultProxy(topology().primary.appUrl).open();
  address = new MovableAddress(proxy.url);
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await proxy.close();
});

/** Acts as a firewall that has dropped long-idle connections from its table: they are silent, new ones pass. */
async function forgetConnections(): Promise<void> {
  await proxy.freeze();
  address.moveTo(topology().primary.appUrl);
}

function open(options: Partial<NodePoolOptions>): NodePool {
  const pool = testPool(
    topology().primary.appUrl,
    { connections: 8, acquireDeadlineMs: 2_000, ...options },
    {},
    { stream: address.stream },
  );
  cleanups.push(() => ended(pool));
  return pool;
}

/** Opens `count` connections, and leaves them idle. */
async function fill(pool: NodePool, count: number): Promise<number[]> {
  const connections = await Promise.all(Array.from({ length: count }, () => acquire(pool)));
  for (const connection of connections) connection.release();
  expect(pool.stats.idle).toBe(count);
  return connections.map(({ threadId }) => threadId);
}

/** Each connection is too old to be used unasked. */
const checkAlways = { idleCheckMs: -1 };

describe('a connection that was idle for long', () => {
  it('naive twin: one that died silently is handed out by a plain pool, and no answer comes', async () => {
    const pool = createPool({ uri: topology().primary.appUrl, stream: address.stream, connectionLimit: 1 });
    await pool.query('SELECT 1');
    await forgetConnections();
    let answered = false;
    pool.query('SELECT 1').then(
      () => (answered = true),
      () => (answered = true),
    );
    const ours = open(checkAlways);
    const connection = await acquire(ours);
    await query(connection, 'SELECT 1');
    connection.release();
    expect(answered).toBe(false);
    pool.pool.end(() => {});
  });

  it('and died silently is replaced within the deadline', async () => {
    const pool = open(checkAlways);
    const [dead] = await fill(pool, 1);
    await forgetConnections();
    const connection = await acquire(pool);
    expect(connection.threadId).not.toBe(dead);
    expect(await query(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    connection.release();
  });

  it('and died silently with all the others costs one wait, not one for each of them', async () => {
    const pool = open(checkAlways);
    const dead = await fill(pool, 8);
    await forgetConnections();
    const connection = await acquire(pool);
    expect(dead).not.toContain(connection.threadId);
    connection.release();
    expect(pool.stats).toMatchObject({ used: 0, idle: 1, pending: 0 });
  });

  it('and was ended by the server is replaced', async () => {
    const pool = open(checkAlways);
    const [killed] = await fill(pool, 1);
    await ask(topology().primary.rootUrl, `KILL ${killed}`);
    const connection = await acquire(pool);
    expect(connection.threadId).not.toBe(killed);
    connection.release();
  });

  it('and answers is used', async () => {
    const pool = open(checkAlways);
    const [alive] = await fill(pool, 1);
    const connection = await acquire(pool);
    expect(connection.threadId).toBe(alive);
    connection.release();
    expect(proxy.accepted).toBe(1);
  });

  it('is checked when it was not idle for long, too, for callers who want it pinged', async () => {
    const pool = open({ idleCheckMs: 60_000 });
    const [dead] = await fill(pool, 1);
    await forgetConnections();
    const connection = await acquire(pool, { readOnly: true }, { verified: true });
    expect(connection.threadId).not.toBe(dead);
    connection.release();
  });
});

/** A life of a minute is up to a fifth longer: connections made at once don't all end at once. */
const PAST_LIFE_MS = 72_001;

describe('a connection at the end of its life', () => {
  it('is closed when it comes back, or while it is idle, and what its holder does with it is let finish', async () => {
    const pool = open({ maxLifetimeMs: 60_000, queryTimeoutMs: 600_000, idleLeaseMs: 600_000 });
    const connection = await acquire(pool);
    const time = timeAhead();
    const answer = query(connection, 'SELECT SLEEP(0.5) AS slept');
    time.by(PAST_LIFE_MS);
    expect(await answer).toEqual([{ slept: 0 }]);
    connection.release();
    expect(pool.stats.idle).toBe(0);
    await fill(pool, 2);
    time.by(PAST_LIFE_MS);
    await eventually(() => pool.stats.idle === 0);
    await eventually(() => proxy.openConnections === 0);
  });
});

describe('a connection that was not used for longer than it may be idle', () => {
  it('is closed, and others stay', async () => {
    const pool = open({ maxIdleMs: 500 });
    await fill(pool, 4);
    const using = setInterval(() => void acquire(pool).then((connection) => connection.release()), 20);
    cleanups.unshift(() => clearInterval(using));
    await eventually(() => pool.stats.idle + pool.stats.used === 1);
    clearInterval(using);
    await eventually(() => pool.stats.idle + pool.stats.used === 0);
  });
});

describe('a connection that was used a moment ago', () => {
  it('is not asked: it is handed out even when nothing passes', async () => {
    const pool = open({ idleCheckMs: 60_000 });
    const [fresh] = await fill(pool, 1);
    await forgetConnections();
    const connection = await acquire(pool);
    expect(connection.threadId).toBe(fresh);
    connection.destroy();
  });
});
