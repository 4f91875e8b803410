import { testEngine } from '@fourfold-tools/testing';
import type { PoolConnection, PoolOptions, RowDataPacket } from 'mysql2';
import { dialectOf } from '../engine/dialect-of.js';
import type { Lease } from '../pool/lease.js';
import { NodePool } from '../pool/node.pool.js';
import type { NodePoolOptions, PoolObserver } from '../pool/pool.options.js';
import type { AcquireRequest } from '../pool/waiter.js';
import { SESSION_SETUP } from '../pool/session-setup.js';

const dialect = dialectOf(testEngine);

/** One connection, 100 ms to get it. The caller ends it. */
export function testPool(
  url: string,
  options: Partial<NodePoolOptions> = {},
  observer: PoolObserver = {},
  config: PoolOptions = {},
): NodePool {
  const complete: NodePoolOptions = {
    connections: 1,
    acquireDeadlineMs: 100,
    connectTimeoutMs: 1_000,
    queryTimeoutMs: 10_000,
    idleLeaseMs: 60_000,
    idleCheckMs: 15_000,
    maxLifetimeMs: Infinity,
    maxIdleMs: Infinity,
    sessionSetup: [...SESSION_SETUP, ...dialect.sessionSetup],
    dialect,
    ...options,
  };
  return new NodePool('primary', { ...config, uri: url }, complete, observer);
}

export function acquire(
  pool: NodePool,
  lease: Lease = { readOnly: false },
  limits: Omit<AcquireRequest, 'lease'> = {},
): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    pool.acquire({ lease, ...limits }, (error, connection) =>
      connection ? resolve(connection) : reject(error ?? new Error('nothing')),
    );
  });
}

/** As `acquire`, with time enough to make a connection on a machine that does other things as well. */
export const acquireFirst = (pool: NodePool): Promise<PoolConnection> =>
  acquire(pool, { readOnly: false }, { withinMs: 10_000 });

export function query(connection: PoolConnection, sql: string): Promise<RowDataPacket[]> {
  return new Promise((resolve, reject) => {
    connection.query<RowDataPacket[]>(sql, (error, rows) => (error ? reject(error) : resolve(rows)));
  });
}

export function ended(pool: NodePool): Promise<unknown> {
  return new Promise((done) => pool.end(done));
}
