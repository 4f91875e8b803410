import { eventually, gate } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureLog } from '../fence/capture.log.js';
import { passFences } from '../fence/pass-fences.js';
import { ShardFences } from '../fence/shard.fences.js';
import { slotOf } from '../ring/slot.js';
import { HeldReads } from '../testing/held-reads.js';
import { DONORS, MovingWorld, RECEIVER } from '../testing/moving-world.js';
import { WriteOracle } from '../testing/write-oracle.js';
import { LogDrain } from './log.drain.js';
import { RowMover } from './row.mover.js';
import { typedTables } from './typed-tables.js';

const TOKEN = 7;
const [DONOR] = DONORS;
const MEMBER = 'SELECT * FROM member WHERE id = ?';

let world: MovingWorld;
let reads: HeldReads;
let rows: RowMover;
let drain: LogDrain;
let log: CaptureLog;
let keys: string[];

beforeAll(async () => {
  world = await MovingWorld.start();
  const { ring } = world.topology;
  const all = Array.from({ length: 100 }, (_, index) => String(index + 1));
  keys = all.filter((key) => ring.locate(key).shard === DONOR);
  await new WriteOracle(world, keys).fill();
  reads = new HeldReads(world.registry);
  rows = new RowMover(reads.registry, await typedTables(world.registry, DONORS));
  log = new CaptureLog(world.registry);
  drain = new LogDrain(log, rows);
});
afterAll(() => world.stop());

/** A key of the donor that no other test has, whose slot is captured and adopted. */
async function captured() {
  const key = keys.shift()!;
  const batch = { from: slotOf(key), to: slotOf(key), donor: DONOR, receiver: RECEIVER };
  const fences = new ShardFences(world.registry);
  const to = { mode: 'capture' as const };
  await fences.change(DONOR, { range: batch, from: ['open'], to, token: TOKEN, deadlineMs: 10_000 });
  await fences.adopt(RECEIVER, batch, TOKEN, 10_000);
  return { key, batch };
}

const transport = { source: DONOR, target: RECEIVER, token: TOKEN };
const write = (key: string, sql: string) =>
  world.registry.transaction(DONOR, async (manager) => {
    await passFences(manager, DONOR, [key]);
    await manager.query(sql, [key]);
  });
const remove = (key: string) => write(key, 'DELETE FROM member WHERE id = ?');
const rename = (key: string) => write(key, "UPDATE member SET name = 'new' WHERE id = ?");
const insert = (key: string) =>
  write(key, "INSERT INTO member (id, name, seen_at) VALUES (?, 'again', '2026-01-02 03:04:05.678')");

async function on(shard: string, key: string): Promise<{ id: string; name: string; seen_at: Date }[]> {
  return world.roots.get(shard)!.query(MEMBER, [key]);
}
const nameOnReceiver = async (key: string) => (await on(RECEIVER, key)).map(({ name }) => name);

/** A copy without a lock: what was read is written whenever its turn comes. */
async function put(found: Awaited<ReturnType<typeof on>>): Promise<void> {
  for (const { id, name, seen_at } of found)
    await world.roots
      .get(RECEIVER)!
      .query('REPLACE INTO member (id, name, seen_at) VALUES (?, ?, ?)', [id, name, seen_at]);
}

describe('a row that is deleted between the read of a copy and its write', () => {
  it('stays deleted: the apply waits for the copy', async () => {
    const { key, batch } = await captured();
    const held = reads.holdNext(DONOR);
    const copying = rows.copyPage(transport, batch, { places: rows.beginning, limit: 100 });
    await held.read;
    await remove(key);
    const applying = drain.drain([batch], { token: TOKEN, range: batch });
    await eventually(() => world.isWaiting(RECEIVER), { everyMs: 200 });
    held.release();
    await Promise.all([copying, applying]);
    expect(await nameOnReceiver(key)).toEqual([]);
  });

  it('comes back where the copy holds no lock', async () => {
    const { key, batch } = await captured();
    const found = await on(DONOR, key);
    await remove(key);
    await drain.drain([batch], { token: TOKEN, range: batch });
    await put(found);
    expect(await nameOnReceiver(key)).toEqual(['1']);
  });
});

describe('two applies of one key, the later of which would be done first', () => {
  it('leave what the later one read', async () => {
    const { key } = await captured();
    const entry = { slot: slotOf(key), key };
    const held = reads.holdNext(DONOR);
    const first = rows.apply(transport, [entry]);
    await held.read;
    await rename(key);
    const second = rows.apply(transport, [entry]);
    await eventually(() => world.isWaiting(RECEIVER), { everyMs: 200 });
    held.release();
    await Promise.all([first, second]);
    expect(await nameOnReceiver(key)).toEqual(['new']);
  });

  it('leave a stale row where they hold no lock', async () => {
    const { key } = await captured();
    const first = await on(DONOR, key);
    await rename(key);
    await put(await on(DONOR, key));
    await put(first);
    expect(await nameOnReceiver(key)).toEqual(['1']);
  });
});

describe('a row that is deleted and inserted again', () => {
  it('is what it became, in whatever order its entries are applied', async () => {
    const { key, batch } = await captured();
    await remove(key);
    await insert(key);
    const entries = await log.pending(DONOR, batch, 10);
    expect(entries).toHaveLength(2);
    for (const entry of entries.reverse()) await rows.apply(transport, [entry]);
    expect(await nameOnReceiver(key)).toEqual(['again']);
    await drain.drain([batch], { token: TOKEN, range: batch });
    expect(await nameOnReceiver(key)).toEqual(['again']);
  });

  it('is lost where the log has what was done, and that is applied in another order', async () => {
    const { key } = await captured();
    await remove(key);
    await insert(key);
    const done = [
      () => world.roots.get(RECEIVER)!.query('DELETE FROM member WHERE id = ?', [key]),
      async () => put(await on(DONOR, key)),
    ];
    for (const change of done.reverse()) await change();
    expect(await nameOnReceiver(key)).toEqual([]);
  });
});

describe('an entry of the log that becomes visible after one with a higher id', () => {
  /** The first of two writes takes its id of the log, and commits after the second. */
  async function overtaken() {
    const [late, early] = [await captured(), await captured()];
    const [logged, commit] = [gate(), gate()];
    const writing = world.registry.transaction(DONOR, async (manager) => {
      await passFences(manager, DONOR, [late.key]);
      logged.open();
      await manager.query("UPDATE member SET name = 'late' WHERE id = ?", [late.key]);
      await commit.passed;
    });
    await logged.passed;
    await rename(early.key);
    return { late, early, end: async () => (commit.open(), await writing) };
  }

  it('is applied when it is there: no position is kept', async () => {
    const { late, early, end } = await overtaken();
    const batches = [late.batch, early.batch];
    for (const range of batches) await drain.drain(batches, { token: TOKEN, range });
    expect(await nameOnReceiver(early.key)).toEqual(['new']);
    await end();
    for (const range of batches) await drain.drain(batches, { token: TOKEN, range });
    expect(await nameOnReceiver(late.key)).toEqual(['late']);
  });

  it('is missed by a reader that goes on after the highest id it has seen', async () => {
    const { end } = await overtaken();
    const root = world.roots.get(DONOR)!;
    const [{ seen }] = await root.query<[{ seen: string }]>('SELECT MAX(id) AS seen FROM ring_log');
    await end();
    expect(await root.query('SELECT id FROM ring_log WHERE id > ?', [seen])).toEqual([]);
  });
});
