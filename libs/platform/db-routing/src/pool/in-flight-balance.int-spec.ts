import { createDatabase, eventually, topology } from '@fourfold-tools/testing';
import { createConnection } from 'mysql2/promise';
import { expect, it } from 'vitest';
import { isConnectionError } from '../driver-error.js';
import { mixOutcomes } from '../testing/mixed-outcomes.js';
import { mixReads } from '../testing/mixed-reads.js';
import { ProxiedReplicas } from '../testing/proxied-replicas.js';
import { ask } from '../testing/routed-database.js';
import { ended, testPool } from '../testing/test-pool.js';

const CONNECTIONS = 16;
const TOTAL = 100_000;

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

it('the in-flight counter is balanced after 100,000 mixed outcomes, and each caller was called back once', async () => {
  const database = await createDatabase(topology(), { node: 'primary' });
  const admin = await createConnection({ uri: topology().primary.rootUrl });
  const pool = testPool(database.appUrl, { connections: CONNECTIONS });
  const tally = await mixOutcomes(pool, admin, { total: TOTAL, atOnce: 64, random: seeded(20_261_123) });

  await eventually(() => expect(pool.stats).toMatchObject({ used: 0, pending: 0 }));
  expect(tally.called).toBe(TOTAL);
  expect(tally.returned).toBe(tally.given);
  // No KILL, no error and no stream of one has made another's connection fail.
  expect([...tally.refused.keys()].sort()).toEqual(['database-busy', 'database-unavailable']);
  expect(tally.given).toBeGreaterThan(TOTAL / 2);
  await eventually(async () => {
    const list = await ask(topology().primary.rootUrl, 'SHOW PROCESSLIST');
    const open = list.filter(({ db }) => db === database.name).length;
    expect(open).toBeLessThanOrEqual(CONNECTIONS);
    expect(open).toBe(pool.stats.idle);
  });
  await ended(pool);
  await admin.end();
  await database.drop();
});

it('so is every counter of a cluster after 10,000 reads that go well, fail, break, and find no replica', async () => {
  const replicas = await ProxiedReplicas.start();
  const watched = await replicas.watch({ options: { primaryConnections: 8, replicaConnections: 8 } });
  const { cluster, proxies } = watched;
  const { gate } = cluster.router;
  let atGate = 0;
  let inOutage = 0;
  let back: Promise<unknown> | undefined;
  const before = (turn: number) => {
    atGate = Math.max(atGate, gate.used);
    if (watched.inRotation().length === 0) inOutage += 1;
    if (turn === 3_000) for (const proxy of proxies) void proxy.close();
    if (turn === 6_000) {
      for (const proxy of proxies) void proxy.open();
      back = eventually(() => watched.inRotation().length === 2);
    }
    return back;
  };
  const mix = { total: 10_000, atOnce: 28, random: seeded(20_261_124), before };
  const { well, errors } = await mixReads(watched, mix);

  expect(well + errors.length).toBe(10_000);
  expect(well).toBeGreaterThan(5_000);
  const others = errors.filter((error) => {
    const { code } = error as { code?: string };
    return code !== 'database-busy' && code !== 'database-unavailable' && !isConnectionError(error);
  });
  expect(others).toEqual([]);
  expect(inOutage).toBeGreaterThan(0);
  expect(atGate).toBeGreaterThan(0);
  const atRest = { used: 0, pending: 0 };
  await eventually(() => {
    expect(cluster.pools.map(({ stats }) => stats)).toMatchObject([atRest, atRest, atRest]);
    expect([gate.used, gate.waiting]).toEqual([0, 0]);
  });
  await eventually(() => watched.inRotation().length === 2);
  await replicas.cleanUp();
  await replicas.drop();
});
