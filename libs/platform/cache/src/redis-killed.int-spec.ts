import {
  createDatabase,
  fullRun,
  type OutageSide,
  redisOutage,
  RedisServerFixture,
  type TestDatabase,
  topology,
  outageSideOf,
} from '@fourfold-tools/testing';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NaiveCache } from './testing/naive-cache.js';
import { freshPrefix, IMPATIENT, TestCaches } from './testing/test-caches.js';

let server: RedisServerFixture;
let database: TestDatabase;
let caches: TestCaches;
beforeAll(async () => {
  [server, database] = await Promise.all([
    RedisServerFixture.start(),
    createDatabase(topology(), { node: 'primary' }),
  ]);
  caches = new TestCaches(server.url);
});
afterAll(async () => {
  caches.closeAll();
  await Promise.all([server.dispose(), database.drop()]);
});

/** What a percentile may be off by on a machine that does other things as well. */
const NOISE_MS = 50;
const MAX_LOADS = 16;

/** The cache that is commonly written first, on a Redis client with the usual settings. */
function naiveSide(redis: Redis): OutageSide {
  const cache = new NaiveCache(redis);
  let asked = 0;
  let loads = 0;
  let heard = 0;
  return {
    getOrLoad: async (id, loader) => {
      asked += 1;
      const text = await cache.getOrLoad(`naive-${id}`, async () => {
        loads += 1;
        return String(await loader());
      });
      return Number(text);
    },
    invalidate: (id) => cache.invalidate(`naive-${id}`),
    hits: () => ({ hits: asked - loads, asked }),
    inUse: () => redis.status === 'ready',
    heard: () => (heard += 1),
  };
}

describe('Redis killed under 1,000 reads a second', () => {
  it('naive twin: serves what was changed meanwhile, long after Redis is back', async () => {
    const naive = await createDatabase(topology(), { node: 'primary' });
    const [one, another] = [server.client(), server.client()];
    const sides = [naiveSide(one), naiveSide(another)] as const;
    try {
      const report = await redisOutage({ server, sides, databaseUrl: naive.migrateUrl, phaseMs: 500 });
      expect(report.stale.length).toBeGreaterThan(0);
    } finally {
      for (const redis of [one, another]) redis.disconnect();
      await naive.drop();
    }
  });

  it('costs no read an error, spares the database, and brings nothing stale back with it', async () => {
    const prefix = freshPrefix();
    const options = { maxLoadsWhileAway: MAX_LOADS, ...IMPATIENT };
    const [a, b] = [await caches.open(prefix, options), await caches.open(prefix, options)];
    const report = await redisOutage({
      server,
      sides: [outageSideOf(a, 'user'), outageSideOf(b, 'user')],
      databaseUrl: database.migrateUrl,
      phaseMs: 2_000,
    });
    console.log({ ...report, failed: report.failed.length });
    expect(report.failed).toEqual([]);
    expect(report.stale).toEqual([]);
    expect(report.mostLoads).toBeLessThanOrEqual(MAX_LOADS);
    // Figures of time hold on a machine that does nothing else.
    if (!fullRun) return;
    expect(report.hitRatio.back).toBeGreaterThan(0.9 * report.hitRatio.before);
    expect(report.p99.away).toBeLessThanOrEqual(3 * report.p99.before + NOISE_MS);
  });
});
