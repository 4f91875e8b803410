import { ManualClock } from '@fourfold/kernel';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InMemoryWorkerIdLease } from './in-memory-worker-id.lease.js';
import { SnowflakeIds } from './snowflake-ids.js';
import { parseSnowflake } from './snowflake-layout.js';
import { IdLeaseLostError } from './worker-id.lease.js';

const START_MS = Date.UTC(2026, 10, 22);
const YEAR_MS = 365 * 86_400_000;

beforeAll(() => Logger.overrideLogger(false));
afterAll(() => Logger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']));

describe('SnowflakeIds', () => {
  it('issues nothing while its clock is years ahead, and goes on by itself where it was once it is right', async () => {
    const clock = new ManualClock(START_MS);
    const lease = new InMemoryWorkerIdLease(30_000, new ManualClock(START_MS));
    const ids = await SnowflakeIds.start(lease, { clock });
    const before = BigInt(ids.nextId());
    clock.advance(YEAR_MS);
    await ids.renew();
    expect(() => ids.nextId()).toThrow(IdLeaseLostError);
    clock.advance(-YEAR_MS + 5);
    const after = ids.nextId();
    expect(BigInt(after)).toBeGreaterThan(before);
    expect(parseSnowflake(after).timeMs).toBe(START_MS + 5);
    await ids.onApplicationShutdown();
  });

  it('does not start while its clock is years ahead, and keeps no worker id from others', async () => {
    const lease = new InMemoryWorkerIdLease(30_000, new ManualClock(START_MS), 1);
    const clock = new ManualClock(START_MS + YEAR_MS);
    for (let attempt = 0; attempt < 3; attempt++)
      await expect(SnowflakeIds.start(lease, { clock })).rejects.toThrow(/over two days ahead/);
    const other = await SnowflakeIds.start(lease, { clock: new ManualClock(START_MS) });
    expect(parseSnowflake(other.nextId()).timeMs).toBe(START_MS);
    await other.onApplicationShutdown();
  });
});
