import { createDatabase, eventually, topology } from '@fourfold-tools/testing';
import { createConnection } from 'mysql2/promise';
import { expect, it } from 'vitest';
import { mixOutcomes } from '../testing/mixed-outcomes.js';
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
