import { ForkedProcess, RedisServerFixture } from '@fourfold-tools/testing';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type CacheKind, loadsKey, type Report } from '../testing/cache.process.js';
import { freshPrefix } from '../testing/test-caches.js';

const cacheProcess = new URL('../testing/cache.runner.mjs', import.meta.url);

const PROCESSES = 4;
const CALLERS_EACH = 2_500;
/** Far longer than the test takes: no caller loads because its wait for the lease is over. */
const PATIENCE_MS = 50_000;

let server: RedisServerFixture;
let redis: Redis;

beforeAll(async () => {
  server = await RedisServerFixture.start();
  redis = server.client();
});
afterAll(async () => {
  redis.disconnect();
  await server.dispose();
});

/** No loader answers before every caller of every process has called. */
async function readColdKey(kind: CacheKind): Promise<{ loads: number; answers: string[] }> {
  const prefix = freshPrefix();
  const options = { kind, redisUrl: server.url, prefix, leaseMs: PATIENCE_MS, leaseWaitMs: PATIENCE_MS };
  const children = await Promise.all(
    Array.from({ length: PROCESSES }, () => ForkedProcess.start<Report>(cacheProcess, options)),
  );
  onTestFinished(async () => void (await Promise.all(children.map((child) => child.crash()))));
  for (const child of children) child.say({ say: 'read', times: CALLERS_EACH, row: 'row' });
  await Promise.all(children.map((child) => child.told('called')));
  await Promise.any(children.map((child) => child.told('loading')));
  for (const child of children) child.say({ say: 'answer' });
  const reports = await Promise.all(children.map((child) => child.told('answered')));
  const answers = [...new Set(reports.flatMap((report) => report.answers))];
  return { loads: Number(await redis.get(loadsKey(prefix))), answers };
}

describe(`${PROCESSES * CALLERS_EACH} callers of one cold key, in ${PROCESSES} processes`, () => {
  it('naive twin: load it more than once', async () => {
    const { loads, answers } = await readColdKey('naive');
    expect(answers).toEqual(['row']);
    expect(loads).toBeGreaterThan(1);
  });

  it('load it once, and all get what was loaded', async () => {
    expect(await readColdKey('ours')).toEqual({ loads: 1, answers: ['row'] });
  });
});
