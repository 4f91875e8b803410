import { ConfigurationError, ManualClock } from '@fourfold/kernel';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InMemoryWorkerIdLease } from './in-memory-worker-id.lease.js';
import { SnowflakeIds } from './snowflake-ids.js';
import { composeSnowflake, parseSnowflake, SNOWFLAKE_EPOCH_MS } from './snowflake-layout.js';
import { IdLeaseLostError } from './worker-id.lease.js';

const START_MS = Date.UTC(2026, 10, 22);
const HOUR_MS = 3_600_000;

async function issuer({ workerIds = 1_024, leaseMs = 30_000 } = {}) {
  const clock = new ManualClock(START_MS);
  const serverClock = new ManualClock(START_MS);
  const lease = new InMemoryWorkerIdLease(leaseMs, serverClock, workerIds);
  return { clock, serverClock, lease, ids: await SnowflakeIds.start(lease, { clock }) };
}

/** One id, renewing first when the reservation is used up, as a caller that tries again would find. */
async function nextOf(ids: SnowflakeIds): Promise<bigint> {
  try {
    return BigInt(ids.nextId());
  } catch (error) {
    expect(error).toBeInstanceOf(IdLeaseLostError);
    await ids.renew();
    return BigInt(ids.nextId());
  }
}

beforeAll(() => Logger.overrideLogger(false));
afterAll(() => Logger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']));

describe('snowflake layout', () => {
  it('is 0 | 41 ms since 2024 | 10 worker | 12 sequence', () => {
    expect(composeSnowflake({ timeMs: SNOWFLAKE_EPOCH_MS + 1, workerId: 1, sequence: 1 })).toBe('4198401');
    expect(
      composeSnowflake({ timeMs: SNOWFLAKE_EPOCH_MS + 2 ** 41 - 1, workerId: 1_023, sequence: 4_095 }),
    ).toBe('9223372036854775807');
  });

  it('reads back what it wrote', () => {
    const parts = { timeMs: START_MS, workerId: 517, sequence: 4_000 };
    expect(parseSnowflake(composeSnowflake(parts))).toEqual(parts);
  });
});

describe('SnowflakeIds', () => {
  it('issues strictly increasing ids whatever the clock does', async () => {
    const step = fc.oneof(
      fc.integer({ min: -10, max: 10 }),
      fc.constantFrom(-HOUR_MS, HOUR_MS, 9_999, 10_000, 29_999, 30_000),
    );
    const bursts = fc.array(fc.record({ step, ids: fc.integer({ min: 1, max: 50 }) }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(bursts, async (timeline) => {
        const { clock, ids } = await issuer();
        let last = 0n;
        for (const burst of timeline) {
          clock.advance(burst.step);
          for (let i = 0; i < burst.ids; i++) {
            const id = await nextOf(ids);
            if (id <= last) expect.fail(`${id} after ${last}`);
            last = id;
          }
        }
        await ids.onApplicationShutdown();
      }),
    );
  });

  it('never repeats between processes that pause, lose their lease, stop, crash and start on two worker ids', async () => {
    const who = fc.nat(2);
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant('issue' as const), who, fc.integer({ min: 1, max: 20 })) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('renew' as const), who, fc.constant(0)) },
      { weight: 1, arbitrary: fc.tuple(fc.constantFrom('expire', 'stop', 'crash'), who, fc.constant(0)) },
      {
        weight: 2,
        arbitrary: fc.tuple(fc.constant('step'), who, fc.constantFrom(-HOUR_MS, -10, 1, 10, 30_000, HOUR_MS)),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (timeline) => {
        const serverClock = new ManualClock(START_MS);
        const lease = new InMemoryWorkerIdLease(30_000, serverClock, 2);
        const clocks = [0, 1, 2].map(() => new ManualClock(START_MS));
        const processes = new Map<number, SnowflakeIds>();
        const seen = new Set<string>();
        const perform = {
          expire: () => serverClock.advance(30_000),
          step: (process: number, ms: number) => clocks[process]!.advance(ms),
          renew: (process: number) => processes.get(process)?.renew(),
          crash: (process: number) => void processes.delete(process),
          stop: async (process: number) => {
            await processes.get(process)?.onApplicationShutdown();
            processes.delete(process);
          },
          issue: async (process: number, count: number) => {
            if (!processes.has(process)) {
              processes.set(process, await SnowflakeIds.start(lease, { clock: clocks[process]! }));
            }
            for (let i = 0; i < count; i++) {
              const id: string = processes.get(process)!.nextId();
              if (seen.has(id)) expect.fail(`${id} issued twice`);
              seen.add(id);
            }
          },
        };
        for (const [what, process, amount] of timeline) {
          try {
            await perform[what](process, amount);
          } catch (error) {
            expect(error).toBeInstanceOf(IdLeaseLostError);
          }
        }
        for (const process of processes.values()) await process.onApplicationShutdown();
      }),
      { numRuns: 500 },
    );
  });

  it('moves to the next millisecond when 4,096 ids of one are used up', async () => {
    const { ids } = await issuer();
    const times = new Map<number, number>();
    let last = 0n;
    for (let count = 0; count < 20_000; count++) {
      const id = ids.nextId();
      expect(BigInt(id) > last).toBe(true);
      last = BigInt(id);
      const { timeMs } = parseSnowflake(id);
      times.set(timeMs, (times.get(timeMs) ?? 0) + 1);
    }
    expect([...times.values()].every((count) => count <= 4_096)).toBe(true);
    expect(Math.max(...times.keys()) - START_MS).toBeLessThanOrEqual(5);
    await ids.onApplicationShutdown();
  });

  it('issues nothing at or beyond the reservation, and throws a typed 503 instead', async () => {
    const { clock, serverClock, lease, ids } = await issuer({ workerIds: 1 });
    clock.advance(29_999);
    expect(parseSnowflake(ids.nextId()).timeMs).toBe(START_MS + 29_999);
    await ids.renew();
    serverClock.advance(30_000);
    const thief = await lease.acquire(clock.now());
    clock.advance(30_000);
    await ids.renew();
    expect(() => ids.nextId()).toThrow(expect.objectContaining({ code: 'id-lease-lost', status: 503 }));
    await lease.release(thief);
    await ids.renew();
    expect(parseSnowflake(ids.nextId()).timeMs).toBeGreaterThanOrEqual(thief.floorMs);
    await ids.onApplicationShutdown();
  });

  it('goes on increasing when its worker id was taken and it gets a smaller one', async () => {
    const { serverClock, lease, ids: onZero } = await issuer({ workerIds: 2 });
    // Ahead of the other's reservation, so that only the last id issued can hold the new ones up.
    const clock = new ManualClock(START_MS + HOUR_MS);
    const ids = await SnowflakeIds.start(lease, { clock });
    const before = BigInt(ids.nextId());
    serverClock.advance(30_000);
    await onZero.renew();
    await lease.acquire(clock.now());
    await onZero.onApplicationShutdown();
    expect(ids.workerId).toBe(1);
    await ids.renew();
    expect(ids.workerId).toBe(0);
    expect(BigInt(ids.nextId())).toBeGreaterThan(before);
    await ids.onApplicationShutdown();
  });

  it('keeps issuing what is reserved while the main cluster is away, and renews when it is back', async () => {
    const { clock, lease, ids } = await issuer();
    const reserve = lease.reserve.bind(lease);
    lease.reserve = () => Promise.reject(new Error('main cluster is away'));
    clock.advance(25_000);
    await ids.renew();
    expect(parseSnowflake(ids.nextId()).timeMs).toBe(START_MS + 25_000);
    clock.advance(5_000);
    expect(() => ids.nextId()).toThrow(IdLeaseLostError);
    lease.reserve = reserve;
    await ids.renew();
    expect(parseSnowflake(ids.nextId()).timeMs).toBe(START_MS + 30_000);
    await ids.onApplicationShutdown();
  });

  it('covers a clock that jumps while a renewal is under way', async () => {
    const { clock, lease, ids } = await issuer();
    const reserve = lease.reserve.bind(lease);
    const reply = Promise.withResolvers<void>();
    lease.reserve = async (...request) => {
      await reply.promise;
      return reserve(...request);
    };
    const renewal = ids.renew();
    clock.advance(HOUR_MS);
    expect(() => ids.nextId()).toThrow(IdLeaseLostError);
    reply.resolve();
    await renewal;
    expect(parseSnowflake(ids.nextId()).timeMs).toBe(START_MS + HOUR_MS);
    await ids.onApplicationShutdown();
  });

  it('gives its worker id back at shutdown, and a successor begins after the reservation', async () => {
    const { lease, ids } = await issuer({ workerIds: 1 });
    const last = BigInt(ids.nextId());
    await ids.onApplicationShutdown();
    const stillReserved = BigInt(ids.nextId());
    expect(stillReserved).toBeGreaterThan(last);
    const successor = await SnowflakeIds.start(lease, { clock: new ManualClock(START_MS) });
    expect(successor.workerId).toBe(ids.workerId);
    expect(parseSnowflake(successor.nextId()).timeMs).toBeGreaterThanOrEqual(START_MS + 30_000);
    await successor.onApplicationShutdown();
  });

  it('gives a number and its decimal text out of one sequence', async () => {
    const { ids } = await issuer();
    const first = ids.nextBigInt();
    const second = BigInt(ids.nextId());
    expect(second - first).toBe(1n);
    await ids.onApplicationShutdown();
  });

  it.each([0, 99, 86_400_001, -1, Number.NaN])('does not start with a reservation of %d ms', async (ms) => {
    const lease = new InMemoryWorkerIdLease();
    await expect(SnowflakeIds.start(lease, { reservationMs: ms })).rejects.toThrow(ConfigurationError);
  });
});
