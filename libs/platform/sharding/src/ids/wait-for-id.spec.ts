import { ManualClock } from '@fourfold/kernel';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InMemoryWorkerIdLease } from './in-memory-worker-id.lease.js';
import { SnowflakeIds } from './snowflake-ids.js';
import { parseSnowflake } from './snowflake-layout.js';
import { IdLeaseLostError } from './worker-id.lease.js';

const START_MS = Date.UTC(2026, 10, 22);
const HOUR_MS = 3_600_000;

async function issuer() {
  const clock = new ManualClock(START_MS);
  const lease = new InMemoryWorkerIdLease();
  return { clock, lease, ids: await SnowflakeIds.start(lease, { clock }) };
}

beforeAll(() => Logger.overrideLogger(false));
afterAll(() => Logger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']));

describe('waitForId', () => {
  it('gives an id as soon as time is reserved again', async () => {
    const { clock, ids } = await issuer();
    clock.advance(HOUR_MS);
    expect(parseSnowflake(await ids.waitForId(10_000)).timeMs).toBe(START_MS + HOUR_MS);
    await ids.onApplicationShutdown();
  });

  it('says at its deadline that there is none', async () => {
    const { clock, lease, ids } = await issuer();
    lease.reserve = () => Promise.reject(new Error('main cluster is away'));
    clock.advance(HOUR_MS);
    await expect(ids.waitForId(5)).rejects.toThrow(IdLeaseLostError);
    await ids.onApplicationShutdown();
  });

  it('does not wait for a worker id that has been given back', async () => {
    const { clock, ids } = await issuer();
    await ids.onApplicationShutdown();
    clock.advance(HOUR_MS);
    await expect(ids.waitForId(60_000)).rejects.toThrow(IdLeaseLostError);
  });
});
