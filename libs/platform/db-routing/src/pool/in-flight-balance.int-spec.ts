import { createDatabase, eventually, repetitions, seeded, topology } from '@fourfold-tools/testing';
import { createConnection } from 'mysql2/promise';
import { expect, it } from 'vitest';
import { isConnectionError } from '../driver-error.js';
import { mixOutcomes } from '../testing/mixed-outcomes.js';
import { mixReads } from '../testing/mixed-reads.js';
import { ProxiedReplicas } from '../testing/proxied-replicas.js';
import { ask } from '../testing/routed-database.js';
import { ended, testPool } from '../testing/test-pool.js';

const CONNECTIONS = 16;
const TOTAL = repetitions({ quick: 5_000, full: 100_000 });
const READS = repetitions({ quick: 2_000, full: 10_000 });

it(`the in-flight counter is balanced after ${TOTAL} mixed outcomes, and each caller was called back once`, async () => {
  const database = await createDatabase(topology(), { node: 'primary' });
  const admin = await createConnection({ uri: topology().primary.rootUrl });
  const pool = testPool(database.appUrl, { connections: CONNECTIONS, acquireDeadlineMs: 2_000 });
  const tally = await mixOutcomes(pool, admin, { total: TOTAL, atOnce: 64, random: seeded(20_261_123) });

  await eventually(() => expect(pool.stats).toMatchObject({ used: 0, pending: 0 }));
  expect(tally.called).toBe(tally.asked);
  expect(tally.returned).toBe(tally.given);
  // No KILL, no error and no stream of one has made another's connection fail.
  expect([...tally.refused.keys()].sort()).toEqual(['database-busy', 'database-unavailable']);
  expect(tally.given).toBeGreaterThanOrEqual(TOTAL);
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

it(`so is every counter of a cluster after ${READS} reads that go well, fail, break, and find no replica`, async () => {
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
    if (turn === 0.3 * READS) for (const proxy of proxies) void proxy.close();
    if (turn === 0.6 * READS) {
      for (const proxy of proxies) void proxy.open();
      back = eventually(() => watched.inRotation().length === 2);
    }
    return back;
  };
  const mix = { total: READS, atOnce: 28, random: seeded(20_261_124), before };
  const { well, errors } = await mixReads(watched, mix);

  expect(well + errors.length).toBe(READS);
  expect(well).toBeGreaterThan(READS / 2);
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
