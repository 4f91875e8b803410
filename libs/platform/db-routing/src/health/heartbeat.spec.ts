import type { PoolConnection } from 'mysql2';
import { describe, expect, it } from 'vitest';
import type { NodePool } from '../pool/node.pool.js';
import { Heartbeat } from './heartbeat.js';
import { ReadOnlyPrimaryError } from './takes-writes.js';

/** A primary by whose clock rows are written, and ours, which need not agree. */
function beating({ writes = true } = {}) {
  const clock = { oursMs: 1_000, theirsMs: 5_000_000 };
  let answers = true;
  const server = { readOnly: 0, statements: [] as string[] };
  const query = (sql: string, _values: unknown[], callback: (error: null, rows: unknown[]) => void) => {
    server.statements.push(sql);
    callback(null, [{ written_ms: clock.theirsMs, readOnly: server.readOnly }]);
  };
  const connection = { query, release: () => {} } as unknown as PoolConnection;
  const primary = {
    acquire: (_request: unknown, callback: (error: Error | null, given?: PoolConnection) => void) =>
      answers ? callback(null, connection) : callback(new Error('refused')),
  } as unknown as NodePool;
  const heartbeat = new Heartbeat({ intervalMs: 1_000, timeoutMs: 500, writes, now: () => clock.oursMs });
  return {
    heartbeat,
    primary,
    server,
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
    /** A replica is found to have this row, and one that is as far behind as `lateRow` is looked at after it. */
    find(row: number, lateRow: number) {
      heartbeat.saw(row);
      return heartbeat.lagOf(lateRow, clock.oursMs);
    },
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

  it('of one that missed the last heartbeat before an outage goes on, when it is over, where it stood', async () => {
    const { lagOf, beat, pass } = beating();
    const had = await beat(3);
    await beat();
    await beat(30, false);
    const whileAway = lagOf(had);
    await beat();
    const atReturn = lagOf(had);
    await beat(2);
    pass(300);
    expect([whileAway, atReturn, lagOf(had)]).toEqual([1_000, 1_000, 3_300]);
  });

  it('counts what the primary was there between two outages, and neither outage', async () => {
    const { lagOf, beat } = beating();
    const had = await beat(3);
    await beat();
    for (let outage = 0; outage < 3; outage += 1) {
      await beat(30, false);
      await beat(2);
    }
    // One second before the first outage, and of each two heartbeats the time from the first to the second one's failure.
    expect(lagOf(had)).toBe(1_000 + 2 * 2_000 + 1_000);
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

describe('while the primary answers others and not this process', () => {
  it('lag grows by the rows of theirs that replicas have', async () => {
    const { beat, find, clock } = beating();
    const had = await beat(3);
    await beat();
    const lags: (number | undefined)[] = [];
    for (let probe = 0; probe < 25; probe += 1) {
      await beat(2, false);
      lags.push(find(clock.theirsMs, had));
    }
    // From the first failure to the first row this process can't tell whether the primary was there.
    expect(lags.slice(0, 3)).toEqual([1_000, 3_000, 5_000]);
    expect(lags.at(-1)).toBe(49_000);
  });

  it('naive twin: without a look at those rows, a replica that had the last one of ours is never late', async () => {
    const { beat, lagOf } = beating();
    const had = await beat(3);
    await beat(55, false);
    expect(lagOf(had)).toBe(0);
  });

  it('lag stands still between two such rows', async () => {
    const { beat, find, clock, lagOf } = beating();
    const had = await beat(3);
    await beat(1, false);
    expect(find(clock.theirsMs, had)).toBe(0);
    await beat(1, false);
    expect(lagOf(had)).toBe(0);
  });

  it('an outage of the primary ends with such a row, and is not lag', async () => {
    const { beat, find, clock, pass } = beating();
    const had = await beat(3);
    await beat();
    await beat(30, false);
    expect(find(clock.theirsMs, had)).toBe(1_000);
    pass(1_500);
    expect(find(clock.theirsMs, had)).toBe(2_500);
    await beat(30, false);
    expect(find(clock.theirsMs, had)).toBe(2_500);
  });

  it('says so, until a heartbeat is taken again', async () => {
    const { beat, heartbeat, clock } = beating();
    await beat();
    expect(heartbeat.isSilent).toBe(false);
    await beat(1, false);
    heartbeat.saw(clock.theirsMs);
    expect(heartbeat.isSilent).toBe(true);
    expect(heartbeat.answeredForMs(0)).toBe(0);
    await beat();
    expect(heartbeat.isSilent).toBe(false);
  });
});

describe('a row on a replica is no news', () => {
  it('before the primary has taken a heartbeat', () => {
    const { find } = beating();
    expect(find(5_000_000, 4_000_000)).toBeUndefined();
  });

  it('when it is of before the clock of the primary was put back', async () => {
    const { beat, clock, find, lagOf } = beating();
    clock.theirsMs += 3_600_000;
    const ahead = await beat(3);
    clock.theirsMs -= 3_600_000;
    const had = await beat();
    expect(find(ahead, had)).toBe(0);
    await beat(2);
    expect(lagOf(had)).toBe(1_000);
  });
});

describe('a process that only reads', () => {
  it('measures by the heartbeats of others, and sends no write', async () => {
    const { beat, lagOf, pass, server } = beating({ writes: false });
    const row = await beat(3);
    await beat(1);
    pass(500);
    expect([lagOf(row + 1_000), lagOf(row)]).toEqual([0, 500]);
    expect(server.statements.filter((sql) => !/^\s*SELECT/.test(sql))).toEqual([]);
  });

  it('takes a server that takes no writes for no primary', async () => {
    const { heartbeat, primary, server } = beating({ writes: false });
    await heartbeat.beat(primary);
    server.readOnly = 1;
    await expect(heartbeat.beat(primary)).rejects.toBeInstanceOf(ReadOnlyPrimaryError);
    expect(heartbeat.isSilent).toBe(true);
  });
});
