import type { PoolConnection } from 'mysql2';
import { describe, expect, it } from 'vitest';
import type { NodePool } from '../pool/node.pool.js';
import { Heartbeat } from './heartbeat.js';

/** A primary by whose clock rows are written, and ours, which need not agree. */
function beating() {
  const clock = { oursMs: 1_000, theirsMs: 5_000_000 };
  let answers = true;
  const query = (_sql: string, _values: unknown[], callback: (error: null, rows: unknown[]) => void) =>
    callback(null, [{ written_ms: clock.theirsMs }]);
  const connection = { query, release: () => {} } as unknown as PoolConnection;
  const primary = {
    acquire: (_request: unknown, callback: (error: Error | null, given?: PoolConnection) => void) =>
      answers ? callback(null, connection) : callback(new Error('refused')),
  } as unknown as NodePool;
  const heartbeat = new Heartbeat(1_000, 500, () => clock.oursMs);
  return {
    heartbeat,
    clock,
    pass(ms: number) {
      clock.oursMs += ms;
      clock.theirsMs += ms;
    },
    /** One heartbeat a second, `count` of them; gives the row of the last one. */
    async beat(count = 1, reached = true) {
      answers = reached;
      for (let beat = 0; beat < count; beat += 1) {
        clock.oursMs += 1_000;
        clock.theirsMs += 1_000;
        await heartbeat.beat(primary).catch(() => {});
      }
      return clock.theirsMs;
    },
    lagOf: (row: number) => heartbeat.lagOf(row, clock.oursMs),
  };
}

describe('the lag of a replica', () => {
  it('is not known before the primary has taken a heartbeat', async () => {
    const { lagOf, beat } = beating();
    await beat(3, false);
    expect(lagOf(0)).toBeUndefined();
  });

  it('is 0 while it has the newest heartbeat, or one that another process has written since', async () => {
    const { lagOf, beat, pass } = beating();
    const row = await beat(3);
    pass(900);
    expect([lagOf(row), lagOf(row + 500)]).toEqual([0, 0]);
  });

  it('is the age of the oldest heartbeat that it misses', async () => {
    const { lagOf, beat, pass } = beating();
    const row = await beat(3);
    await beat(5);
    pass(200);
    expect(lagOf(row)).toBe(4_200);
  });

  it('of before this process began, is told by the clock of the primary', async () => {
    const { lagOf, beat, pass } = beating();
    const row = (await beat()) - 60_000;
    pass(200);
    expect(lagOf(row)).toBe(60_200);
  });

  it('does not grow while the primary does not answer, and the time it was away is no part of it', async () => {
    const { lagOf, beat, pass } = beating();
    const had = await beat(3);
    await beat(2);
    await beat(30, false);
    expect(lagOf(had)).toBe(2_000);
    const late = await beat(0);
    await beat(1);
    expect(lagOf(late - 30_000)).toBe(0);
    pass(700);
    expect(lagOf(late - 30_000)).toBe(700);
  });

  it('is not what a clock of the primary says that was put forward by an hour, or back', async () => {
    const { lagOf, beat, clock, pass } = beating();
    const row = await beat(3);
    clock.theirsMs += 3_600_000;
    await beat();
    pass(100);
    expect(lagOf(row)).toBe(100);
    clock.theirsMs -= 3_600_000;
    const back = await beat();
    await beat(2);
    expect(lagOf(back)).toBe(1_000);
  });

  it('is as of when it was asked: what held this process up since is not held against it', async () => {
    const { heartbeat, clock, beat, pass } = beating();
    const row = await beat(3);
    const askedMs = clock.oursMs;
    await beat();
    pass(60_000);
    expect(heartbeat.lagOf(row, askedMs)).toBe(0);
  });
});

it('tells for how long the primary has been answering without a break', async () => {
  const { heartbeat, beat, clock } = beating();
  await beat(2);
  const sinceMs = clock.oursMs;
  expect(heartbeat.answeredForMs(sinceMs)).toBe(0);
  await beat(3);
  expect(heartbeat.answeredForMs(sinceMs)).toBe(3_000);
  await beat(1, false);
  expect(heartbeat.answeredForMs(sinceMs)).toBe(0);
  await beat(3);
  expect(heartbeat.answeredForMs(sinceMs)).toBe(2_000);
});
