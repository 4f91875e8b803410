import { gate } from '@fourfold-tools/testing';
import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShardUnavailableError } from '../routing/shard-unavailable.error.js';
import { MovingSlot, withSlotOn } from '../testing/moving-slot.js';
import { Account, failureOf, keysOn, TestShards } from '../testing/test-shards.js';

const patient = {
  acquireTimeoutMs: 30_000,
  connectTimeoutMs: 30_000,
  suspectAfterMs: 30_000,
  operationTimeoutMs: 30_000,
};

type Process = Awaited<ReturnType<TestShards['router']>>;

let shards: TestShards;
let own: Process;
let keys: Generator<string, never>;

beforeAll(async () => {
  shards = await TestShards.start();
  own = await shards.router(patient);
  keys = keysOn(own.topology.ring, 'shard-0');
});
afterAll(() => shards.stop());

/** A key of shard-0 whose slot no other test moves, and its way to shard-1. */
function moving(): { key: string; move: MovingSlot } {
  const key = keys.next().value;
  return { key, move: new MovingSlot(own.registry, key, 'shard-0', 'shard-1') };
}

const insert =
  (id: string, balance = 1) =>
  (manager: EntityManager) =>
    manager.insert(Account, { id, balance });
const setBalance = (id: string, balance: number) => (manager: EntityManager) =>
  manager.update(Account, { id }, { balance });

/** Writes `work` and waits at the gate before the commit. */
function held(work: (manager: EntityManager) => Promise<unknown>) {
  const [written, commit] = [gate(), gate()];
  const run = async (manager: EntityManager) => {
    await work(manager);
    written.open();
    await commit.passed;
  };
  return { run, written: written.passed, commit: () => commit.open() };
}

describe('a write that began before the capture and commits after it', () => {
  it('is waited for: the copy has it', async () => {
    const { key, move } = moving();
    const write = held(insert(key));
    const writing = own.router.write(key, write.run);
    await write.written;
    const captured = move.capture();
    const copied = captured.then(() => move.copy());
    expect(await Promise.race([captured.then(() => 'captured'), move.on('shard-0')])).toBeNull();
    write.commit();
    await Promise.all([writing, copied]);
    expect(await move.on('shard-1')).toEqual({ id: key, balance: 1 });
  });

  it('is lost where it holds no fence', async () => {
    const { key, move } = moving();
    const write = held(insert(key));
    const writing = move.unfenced('shard-0', write.run);
    await write.written;
    await move.capture();
    await move.copy();
    write.commit();
    await writing;
    await move.drain();
    expect(await move.on('shard-0')).toEqual({ id: key, balance: 1 });
    expect(await move.on('shard-1')).toBeNull();
  });
});

describe('a write whose commit is not answered', () => {
  const lose = (shard: string) => shards.proxy(shard).breakOnAnswer('COMMIT');

  it('is in the log if it is in the table', async () => {
    const { key, move } = moving();
    await move.capture();
    await move.copy();
    lose('shard-0');
    expect(await failureOf(own.router.write(key, insert(key)))).toBeInstanceOf(ShardUnavailableError);
    await move.drain();
    expect(await move.on('shard-0')).toEqual({ id: key, balance: 1 });
    expect(await move.on('shard-1')).toEqual({ id: key, balance: 1 });
  });

  it('is lost where it is written to the target after its commit', async () => {
    const { key, move } = moving();
    await move.copy();
    lose('shard-0');
    const dual = move.unfenced('shard-0', insert(key)).then(() => move.copy());
    expect(await failureOf(dual)).toBeInstanceOf(ShardUnavailableError);
    expect(await move.on('shard-0')).toEqual({ id: key, balance: 1 });
    expect(await move.on('shard-1')).toBeNull();
  });
});

describe('a group of writes of which one belongs to a slot that moves', () => {
  /** Groups whatever comes while the first is held. */
  async function group(ids: readonly string[], record: (id: string) => Promise<void>, first: string) {
    const holding = record(first);
    return { holding, writes: ids.map(record) };
  }

  it('writes the others at once, and that one on its new shard', async () => {
    const { key, move } = moving();
    const [first, other] = [keys.next().value, keys.next().value];
    await move.capture();
    await move.freeze();
    const record = own.router.groupedInsert<string>((id) => id, {
      table: 'account',
      columns: ['id', 'balance'],
      valuesOf: (id) => [id, 1],
    });
    const { holding, writes } = await group([other, key], record, first);
    await Promise.all([holding, writes[0]]);
    expect(await move.on('shard-0')).toBeNull();
    await move.copy();
    await move.handOff();
    await Promise.all(writes);
    expect(await move.on('shard-0')).toBeNull();
    expect(await move.on('shard-1')).toEqual({ id: key, balance: 1 });
  });

  it('writes that one where it is lost when it locks no fence', async () => {
    const { key, move } = moving();
    const other = keys.next().value;
    await move.capture();
    await move.freeze();
    await move.copy();
    await move.unfenced('shard-0', (manager) =>
      manager.insert(
        Account,
        [key, other].map((id) => ({ id, balance: 1 })),
      ),
    );
    await move.handOff();
    expect(await move.on('shard-1')).toBeNull();
  });
});

describe('a process that slept through the hand-off', () => {
  it('is refused by the old owner, and writes to the new one', async () => {
    const { key, move } = moving();
    const stale = await shards.router(patient);
    await own.router.write(key, insert(key));
    await move.capture();
    await move.copy();
    await move.freeze();
    await move.handOff();
    await stale.router.write(key, setBalance(key, 2));
    expect(stale.topology.ring.locate(key).shard).toBe('shard-0');
    expect(await move.on('shard-0')).toEqual({ id: key, balance: 1 });
    expect(await move.on('shard-1')).toEqual({ id: key, balance: 2 });
  });

  it('loses what it writes without a fence', async () => {
    const { key, move } = moving();
    await own.router.write(key, insert(key));
    await move.capture();
    await move.copy();
    await move.freeze();
    await move.handOff();
    await move.unfenced('shard-0', setBalance(key, 2));
    expect(await move.on('shard-1')).toEqual({ id: key, balance: 1 });
  });

  it('whose topology is newer than the fences is tried again until the slot is handed off', async () => {
    const { key, move } = moving();
    const early = await shards.router(patient);
    early.topology.adopt(withSlotOn(early.topology.topology, move.slot, 'shard-1'));
    const writing = early.router.write(key, insert(key));
    await move.capture();
    await move.freeze();
    await move.handOff();
    await writing;
    expect(await move.on('shard-1')).toEqual({ id: key, balance: 1 });
  });
});

describe('a frozen slot', () => {
  it('refuses writes until their deadline', async () => {
    const { key, move } = moving();
    await move.capture();
    await move.freeze();
    const failure = await failureOf(own.router.write(key, insert(key), { deadlineMs: 300 }));
    expect(failure).toBeInstanceOf(ShardUnavailableError);
    expect(await move.on('shard-0')).toBeNull();
  });

  it('is thawed by a writer once its time is over, and captures again', async () => {
    const { key, move } = moving();
    await move.capture();
    await move.freeze(50);
    await own.router.write(key, insert(key));
    expect(await move.fenceOn('shard-0')).toMatchObject({ mode: 'capture' });
    await move.drain();
    expect(await move.on('shard-1')).toEqual({ id: key, balance: 1 });
    expect(await failureOf(move.handOff())).toMatchObject({ code: 'fence-conflict' });
  });
});
