import { eventually, gate } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passFences } from '../fence/pass-fences.js';
import { CaptureLog } from '../fence/capture.log.js';
import { FenceConflictError, ShardFences } from '../fence/shard.fences.js';
import { slotOf } from '../ring/slot.js';
import { DONORS, MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { failureOf } from '../testing/test-shards.js';
import { LogDrain } from './log.drain.js';
import { RowMover } from './row.mover.js';
import { FreezeTooLongError, SlotHandover } from './slot.handover.js';
import { typedTables } from './typed-tables.js';

const TOKEN = 7;
const [DONOR] = DONORS;

let world: MovingWorld;
let fences: ShardFences;
let log: CaptureLog;
let rows: RowMover;
let drain: LogDrain;
let handover: SlotHandover;
/** Of the donor, each of another slot. */
let keys: string[];

beforeAll(async () => {
  world = await MovingWorld.start();
  fences = new ShardFences(world.registry);
  log = new CaptureLog(world.registry);
  rows = new RowMover(world.registry, await typedTables(world.registry, DONORS));
  drain = new LogDrain(log, rows);
  handover = new SlotHandover(fences, drain, rows);
  const { ring } = world.topology;
  keys = Array.from({ length: 100 }, (_, index) => String(index + 1)).filter(
    (key) => ring.locate(key).shard === DONOR,
  );
});
afterAll(() => world.stop());

function batchOf(key: string) {
  return { from: slotOf(key), to: slotOf(key), donor: DONOR, receiver: RECEIVER };
}

describe('a slot that is handed back', () => {
  it('has one owner although the commit that opened the other shard comes late', async () => {
    const batch = batchOf(keys[0]!);
    const given = { mode: 'foreign' as const, owner: RECEIVER, epoch: 2 };
    await fences.change(DONOR, { range: batch, from: ['open'], to: given, token: TOKEN, deadlineMs: 5_000 });
    const late = world.roots.get(RECEIVER)!.createQueryRunner();
    await late.startTransaction();
    const open = "UPDATE ring_fence SET mode = 'capture', owner = ?, epoch = 2, token = ? WHERE slot = ?";
    await late.query(open, [RECEIVER, TOKEN, batch.from]);
    const options = { token: TOKEN, epoch: 3, freezeMs: 2_000, assertTables: async () => {} };
    let settled = false;
    const handing = handover.hand(batch, true, options).finally(() => (settled = true));
    await eventually(async () => settled || (await world.isWaiting(RECEIVER)), { everyMs: 200 });
    await late.commitTransaction();
    await late.release();
    await handing;
    expect(await world.fencesOf([batch])).toBe('donor capture, receiver foreign');
  });
});

describe('a freeze', () => {
  it('counts the wait for writes under way in its budget', async () => {
    const budgetMs = 4_000;
    const range = batchOf(keys[1]!);
    await fences.change(DONOR, {
      ...{ range, from: ['open'], to: { mode: 'capture' }, token: TOKEN, deadlineMs: 5_000 },
    });
    const [held, ended] = [gate(), gate()];
    const writing = world.registry.transaction(DONOR, async (manager) => {
      await passFences(manager, DONOR, [keys[1]!]);
      held.open();
      await ended.passed;
    });
    await held.passed;
    const ask = async (sql: string) => {
      const [row] = await world.roots.get(DONOR)!.query<{ ms: string }[]>(sql, [range.from]);
      return Number(row!.ms);
    };
    const now = 'SELECT ROUND(UNIX_TIMESTAMP(UTC_TIMESTAMP(3)) * 1000) AS ms FROM ring_fence WHERE slot = ?';
    const calledAt = await ask(now);
    const freezing = fences.change(DONOR, {
      ...{ range, from: ['capture'], to: { mode: 'frozen' }, token: TOKEN, deadlineMs: budgetMs },
      thawAfterMs: budgetMs,
    });
    await eventually(async () => (await ask(now)) > calledAt + 1_000);
    ended.open();
    await Promise.all([writing, freezing]);
    const until = 'SELECT ROUND(UNIX_TIMESTAMP(frozen_until) * 1000) AS ms FROM ring_fence WHERE slot = ?';
    expect((await ask(until)) - calledAt).toBeLessThan(budgetMs + 500);
  });
});

describe('a batch with a write that outlasts the budget of its freeze', () => {
  it('is left as it was, and keeps no other write waiting', async () => {
    const key = keys[5]!;
    const range = batchOf(key);
    await fences.change(DONOR, {
      ...{ range, from: ['open'], to: { mode: 'capture' }, token: TOKEN, deadlineMs: 5_000 },
    });
    const [held, ended] = [gate(), gate()];
    const pass = (work: () => Promise<unknown>) =>
      world.registry.transaction(DONOR, async (manager) => {
        await passFences(manager, DONOR, [key]);
        await work();
      });
    const writing = pass(async () => {
      held.open();
      await ended.passed;
    });
    await held.passed;
    const options = { token: TOKEN, epoch: 3, freezeMs: 200, assertTables: async () => {} };
    const failure = await failureOf(handover.hand(range, false, options));
    expect(failure).toBeInstanceOf(FreezeTooLongError);
    await pass(async () => {});
    ended.open();
    await writing;
  });
});

describe('a slot whose key is written all the time', () => {
  it('is handed off although its log is never found empty', async () => {
    const key = keys.at(-1)!;
    const batch = batchOf(key);
    const change = { range: batch, token: TOKEN, deadlineMs: 10_000 };
    await fences.change(DONOR, { ...change, from: ['open'], to: { mode: 'capture' } });
    await fences.adopt(RECEIVER, batch, TOKEN, 10_000);
    const write = () => world.registry.transaction(DONOR, (manager) => passFences(manager, DONOR, [key]));
    // The next write is there before the entry of the last one is seen to be gone, until it is refused.
    const busy = new CaptureLog(world.registry);
    busy.forget = async (...entries) => {
      await log.forget(...entries);
      expect([undefined, 'SlotRefusedError']).toContain(
        ((await failureOf(write())) as Error | undefined)?.constructor.name,
      );
    };
    await write();
    const options = { token: TOKEN, epoch: 2, freezeMs: 10_000, assertTables: async () => {} };
    await new SlotHandover(fences, new LogDrain(busy, rows), rows).hand(batch, false, options);
    expect(await world.fencesOf([batch])).toBe('donor foreign, receiver capture');
  });
});

describe('entries of the log', () => {
  const captured = async (key: string) => {
    const range = batchOf(key);
    await fences.change(DONOR, {
      ...{ range, from: ['open'], to: { mode: 'capture' }, token: TOKEN, deadlineMs: 5_000 },
    });
    await world.registry.transaction(DONOR, (manager) => passFences(manager, DONOR, [key]));
    return { range, entries: () => log.backlog(DONOR, range) };
  };

  it('are not deleted by a coordinator that was overtaken', async () => {
    const { range, entries } = await captured(keys[2]!);
    expect(await failureOf(drain.forget(DONOR, range, TOKEN - 1))).toBeInstanceOf(FenceConflictError);
    expect(await entries()).toBe(1);
    await drain.forget(DONOR, range, TOKEN);
    expect(await entries()).toBe(0);
  });

  it('are not deleted unapplied when their slot is in no batch', async () => {
    const { range, entries } = await captured(keys[3]!);
    const others = [batchOf(keys[4]!)];
    expect(await failureOf(drain.drain(others, { token: TOKEN, range }))).toBeInstanceOf(FenceConflictError);
    expect(await entries()).toBe(1);
  });
});
