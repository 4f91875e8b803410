import { eventually, FaultProxy, topology } from '@fourfold-tools/testing';
import type { PoolConnection } from 'mysql2';
import { register } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DbRoutingMetrics } from './db-routing.metrics.js';
import type { NodePoolOptions } from '../pool/pool.options.js';
import { counted } from '../testing/outage.fixture.js';
import { ProxiedReplicas } from '../testing/proxied-replicas.js';
import { acquire, ended, query, testPool } from '../testing/test-pool.js';

let replicas: ProxiedReplicas;
let watched: Awaited<ReturnType<ProxiedReplicas['watch']>>;

beforeAll(async () => {
  replicas = await ProxiedReplicas.start();
});
afterAll(() => replicas.drop());

describe('of a cluster', () => {
  beforeEach(async () => {
    watched = await replicas.watch();
  });
  afterEach(() => replicas.cleanUp());

  const ofPrimary = async () => {
    const names = ['used', 'idle', 'pending', 'size'] as const;
    const units = { used: 'connections', idle: 'connections', pending: 'requests', size: 'connections' };
    const values = names.map((name) => counted(`db_pool_${name}_${units[name]}`));
    const [used, idle, pending, size] = (await Promise.all(values)).map((by) => by['primary']);
    return { used, idle, pending, size };
  };

  it('the gauges of a pool say who has a connection, who waits for one, and how many there may be', async () => {
    const { primaryPool } = watched.cluster;
    const first = await acquire(primaryPool);
    const second = await acquire(primaryPool);
    const third = acquire(primaryPool);
    expect(await ofPrimary()).toEqual({ used: 2, idle: 0, pending: 1, size: 2 });
    first.release();
    (await third).release();
    expect(await ofPrimary()).toEqual({ used: 1, idle: 1, pending: 0, size: 2 });
    second.release();
    expect(await ofPrimary()).toEqual({ used: 0, idle: 2, pending: 0, size: 2 });
    expect(await counted('db_pool_size_connections')).toMatchObject({
      primary: 2,
      'replica-1': 2,
      'replica-2': 2,
    });
  });

  it('a histogram has how long those waited who had to, and not those who had not', async () => {
    const { primaryPool } = watched.cluster;
    const out: PoolConnection[] = [await acquire(primaryPool), await acquire(primaryPool)];
    for (const connection of out.splice(0)) connection.release();
    register.resetMetrics();
    const ofWaits = async () => {
      const { values } = await watched.metrics.acquireSeconds.get();
      const of = (name: string) =>
        values.find(({ metricName, labels }) => metricName?.endsWith(name) && labels.node === 'primary')
          ?.value;
      return { count: of('_count'), seconds: of('_sum') };
    };
    out.push(await acquire(primaryPool), await acquire(primaryPool));
    expect(await ofWaits()).toEqual({ count: undefined, seconds: undefined });
    const startedMs = performance.now();
    const waiting = acquire(primaryPool);
    await query(out[1]!, 'DO SLEEP(0.05)');
    out[0]!.release();
    (await waiting).release();
    const tookMs = performance.now() - startedMs;
    const { count, seconds } = await ofWaits();
    expect(count).toBe(1);
    expect(seconds).toBeGreaterThanOrEqual(0.05);
    expect(seconds).toBeLessThanOrEqual(tookMs / 1_000);
    out[1]!.release();
  });

  it('the gauges of replicas have their lag, their state, and whether reads go there', async () => {
    const [proxy] = watched.proxies;
    expect(await counted('db_replica_in_rotation')).toEqual({ 'replica-1': 1, 'replica-2': 1 });
    const lags = () => counted('db_replica_lag_seconds');
    await eventually(async () => expect(Object.keys(await lags())).toEqual(['replica-1', 'replica-2']));
    await proxy!.close();
    await eventually(() => watched.inRotation().join() === 'replica-2');
    watched.monitor.stop();
    expect(await counted('db_replica_in_rotation')).toEqual({ 'replica-1': 0, 'replica-2': 1 });
    const states = await counted('db_replica_state');
    const inForce = Object.keys(states).filter((key) => states[key] === 1);
    expect(inForce).toEqual(['replica-1 ejected', 'replica-2 healthy']);
    expect(new Set(Object.values(states))).toEqual(new Set([0, 1]));
    const [, healthy] = watched.cluster.replicaNodes;
    expect((await lags())['replica-2']).toBe(healthy!.health.lagMs! / 1_000);
  });

  it('are gone with it', async () => {
    watched.metrics.unwatch(watched.cluster);
    // Shards of other files, whose applications never started and so never stopped, may be among them.
    expect(Object.keys(await counted('db_pool_size_connections')).join()).not.toMatch(/primary|replica/);
    expect(await counted('db_replica_state')).toEqual({});
  });
});

describe('a caller that gets no connection from a pool is counted by the code of its error', () => {
  const metrics = new DbRoutingMetrics();
  const failures = () => counted('db_acquire_failures_total');
  const cleanups: (() => Promise<unknown>)[] = [];
  beforeEach(() => register.resetMetrics());
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  const open = (url: string, options: Partial<NodePoolOptions> = {}) => {
    const pool = testPool(url, options, { refused: (code) => metrics.acquireFailed('primary', code) });
    cleanups.push(() => ended(pool));
    return pool;
  };
  const refused = (turn: Promise<unknown>) => expect(turn).rejects.toThrow();

  it('busy: the line is full, or the deadline passes', async () => {
    const pool = open(topology().primary.appUrl);
    const connection = await acquire(pool);
    expect(await failures()).toEqual({});
    const line = [acquire(pool), acquire(pool)].map(refused);
    await refused(acquire(pool));
    expect(await failures()).toEqual({ 'primary database-busy': 1 });
    await Promise.all(line);
    expect(await failures()).toEqual({ 'primary database-busy': 3 });
    connection.release();
  });

  it('unavailable: it can not be reached, was retired, or is closed', async () => {
    const proxy = await new FaultProxy(topology().primary.appUrl).open();
    cleanups.push(() => proxy.close());
    const pool = open(proxy.url, { acquireDeadlineMs: 5_000 });
    await proxy.close();
    await refused(acquire(pool));
    expect(await failures()).toEqual({ 'primary database-unavailable': 1 });
    await proxy.freeze();
    const waiting = refused(acquire(pool));
    pool.retire({ abort: true });
    await waiting;
    expect(await failures()).toEqual({ 'primary database-unavailable': 2 });
    await ended(pool);
    await refused(acquire(pool));
    expect(await failures()).toEqual({ 'primary database-unavailable': 3 });
  });
});
