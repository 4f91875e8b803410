import { gate } from '@fourfold-tools/testing';
import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ShardFences } from '../fence/shard.fences.js';
import { slotOf } from '../ring/slot.js';
import { SlotOf } from '../slot-of.js';
import { TOPOLOGY_TRUST_MS } from '../topology/current-topology.js';
import { everywhere, failureOf, keysOn, TestShards } from '../testing/test-shards.js';
import { withSlotOn } from '../testing/moving-slot.js';
import { ownedSlots } from './owned-slots.js';

@Entity('parcel')
class Parcel {
  @PrimaryColumn('bigint', { unsigned: true })
  id!: string;

  @Column({ type: 'varchar', length: 40, collation: 'utf8mb4_bin' })
  place!: string;

  @SlotOf<Parcel>('id')
  slot?: number;
}

/** As `createWithSlot` makes it on both engines, but for how the slot gets there. */
const PARCEL = `
  CREATE TABLE parcel (
    id BIGINT UNSIGNED PRIMARY KEY, place VARCHAR(40) NOT NULL, slot SMALLINT UNSIGNED NOT NULL, KEY parcel_slot (slot, id)
  ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

type Process = Awaited<ReturnType<TestShards['router']>>;

let shards: TestShards;
let own: Process;
let keys: Generator<string, never>;

beforeAll(async () => {
  shards = await TestShards.start([PARCEL]);
  own = await process();
  keys = keysOn(own.topology.ring, 'shard-0');
});
beforeEach(() => everywhere(own.registry, 'DELETE FROM parcel'));
afterAll(() => shards.stop());

function process(): Promise<Process> {
  return shards.router({
    entities: [Parcel],
    acquireTimeoutMs: 30_000,
    connectTimeoutMs: 30_000,
    suspectAfterMs: 30_000,
  });
}

const put = (shard: string, id: string, place: string) =>
  own.registry.transaction(shard, (manager) =>
    manager.query('REPLACE INTO parcel (id, place, slot) VALUES (?, ?, ?)', [id, place, slotOf(id)]),
  );
const parcels = ({ router }: Process) => router.repository(Parcel, 'id');
const ask = (of: Process, limit = 10) =>
  parcels(of).page({ order: { place: 'ASC' }, limit, deadlineMs: 10_000 });

/** It knows that the slots of the keys are being moved. */
function tell({ topology }: Process, ...told: string[]): void {
  const { epoch } = topology.topology;
  const slots = told.map(slotOf);
  const migrations = slots.map((slot) => ({ from: slot, to: slot, donor: 'shard-0', receiver: 'shard-1' }));
  topology.adopt({ ...topology.topology, epoch: epoch + 1, migrations });
}

/** From one shard to the other, until the end of the test: other tests read all slots. */
async function handOff(key: string, epoch: number): Promise<void> {
  const fences = new ShardFences(own.registry);
  const give = async (from: string, to: string) => {
    const change = {
      range: { from: slotOf(key), to: slotOf(key) },
      from: ['open', 'foreign'] as const,
      token: 1,
      deadlineMs: 10_000,
    };
    await fences.change(from, { ...change, to: { mode: 'foreign', owner: to, epoch } });
    await fences.change(to, { ...change, to: { mode: 'open', owner: to, epoch } });
  };
  await give('shard-0', 'shard-1');
  onTestFinished(() => give('shard-1', 'shard-0'));
}

describe('a row that is on two shards while its slot moves', () => {
  it('is in a page once, and pages stay full', async () => {
    const [key, second, third] = [keys.next().value, keys.next().value, keys.next().value];
    const reader = await process();
    tell(reader, key);
    await put('shard-0', key, 'a');
    await put('shard-1', key, 'a, not the last');
    await put('shard-0', second, 'b');
    await put('shard-0', third, 'c');
    const { items, nextCursor } = await ask(reader, 3);
    expect(items.map(({ place }) => place)).toEqual(['a', 'b', 'c']);
    expect(nextCursor).toBeNull();
    expect((await parcels(reader).scatter({}, { deadlineMs: 10_000 })).items).toHaveLength(3);
  });

  it('is not read of a shard that comes and has no slots yet', async () => {
    await put('shard-0', keys.next().value, 'a');
    const none = { where: ownedSlots<Parcel>([]) };
    expect(await own.registry.read('shard-0', (manager) => manager.find(Parcel, none))).toEqual([]);
  });

  it('naive: is there twice for a process that does not look at the slot', async () => {
    const key = keys.next().value;
    await put('shard-0', key, 'a');
    await put('shard-1', key, 'a, not the last');
    expect((await ask(await process())).items.map(({ id }) => id)).toEqual([key, key]);
  });

  it('is found once by a process that has not been told, and does not trust what it knows', async () => {
    const key = keys.next().value;
    const asleep = await process();
    asleep.topology.confirm(performance.now() - TOPOLOGY_TRUST_MS - 1);
    await put('shard-0', key, 'a');
    await put('shard-1', key, 'a, not the last');
    expect((await ask(asleep)).items.map(({ place }) => place)).toEqual(['a']);
  });
});

describe('a read after the hand-off, by a process with the old topology', () => {
  /** What the source has is old by then. */
  async function moved() {
    const key = keys.next().value;
    const stale = await process();
    tell(stale, key);
    await put('shard-0', key, 'old');
    await put('shard-1', key, 'new');
    await handOff(key, 3);
    return { key, stale };
  }

  it('is of the new owner, which the old one names', async () => {
    const { key, stale } = await moved();
    expect(await parcels(stale).forKey(key).findOne()).toMatchObject({ place: 'new' });
  });

  it('naive: is old where the fence is not asked', async () => {
    const { key } = await moved();
    expect(await parcels(own).forKey(key).findOne()).toMatchObject({ place: 'old' });
  });

  it('is of the new owner when the process slept between its look at the topology and the rows', async () => {
    const { key } = await moved();
    const asleep = await process();
    const [asked, woken] = [gate(), gate()];
    const reading = asleep.router.read(key, async (manager: EntityManager, shard) => {
      asked.open();
      if (shard === 'shard-0') await woken.passed;
      return manager.findOneBy(Parcel, { id: key });
    });
    await asked.passed;
    asleep.topology.confirm(performance.now() - TOPOLOGY_TRUST_MS - 1);
    woken.open();
    expect(await reading).toMatchObject({ place: 'new' });
  });

  it('is of the new owner when the process heard of the end of the migration after the old rows came', async () => {
    const { key, stale } = await moved();
    const [asked, heard] = [gate(), gate()];
    const reading = stale.router.read(key, async (manager: EntityManager) => {
      const row = await manager.findOneBy(Parcel, { id: key });
      asked.open();
      await heard.passed;
      return row;
    });
    await asked.passed;
    const { migrations: _over, ...rest } = withSlotOn(stale.topology.topology, slotOf(key), 'shard-1');
    stale.topology.adopt(rest);
    heard.open();
    expect(await reading).toMatchObject({ place: 'new' });
  });

  it('for many keys and over all shards goes where fences say, also while no topology says it', async () => {
    const [stale, both] = [await process(), [keys.next().value, keys.next().value]];
    tell(stale, ...both);
    for (const key of both) {
      await put('shard-0', key, 'old');
      await put('shard-1', key, 'new');
      await handOff(key, 3);
    }
    const found = await parcels(stale).forKeys(both).findOne();
    expect(found.map((row) => row?.place)).toEqual(['new', 'new']);
    expect((await ask(stale)).items.map(({ place }) => place)).toEqual(['new', 'new']);
    for (const key of both) expect(stale.topology.ring.locate(key).shard).toBe('shard-0');
  });

  it('for many keys and over all shards goes by the topology that it looks up', async () => {
    const { key, stale } = await moved();
    const failure = failureOf(parcels(stale).forKeys([key]).findOne());
    const page = ask(stale);
    stale.topology.adopt(withSlotOn(stale.topology.topology, slotOf(key), 'shard-1'));
    expect(await failure).toBeUndefined();
    expect((await page).items.map(({ place }) => place)).toEqual(['new']);
  });
});
