import { startsWith } from '@fourfold/db-routing';
import { gate } from '@fourfold-tools/testing';
import { MoreThan, Not } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { everywhere, failureOf } from '../testing/test-shards.js';
import { ForeignShardKeyError, type KeyedWhere } from './key-scope.js';
import { People, person, Person, Visit } from '../testing/people.js';
import { InvalidShardKeyError } from '../ring/slot.js';
import { InvalidShardQueryError } from '../sharded-entities.js';

let all: People;
let opened: Awaited<ReturnType<People['open']>>;
/** Two keys of one shard: whatever forgets its key would reach the other's rows. */
let ada: string;
let eve: string;

beforeAll(async () => {
  all = await People.start();
  opened = await all.open();
  const onOne = Array.from({ length: 100 }, (_, n) => String(n)).filter(
    (id) => opened.ring.locate(id).shard === 'shard-1',
  );
  [ada, eve] = onOne as [string, string];
});
afterAll(() => all.stop());
beforeEach(async () => {
  await everywhere(opened.registry, 'DELETE FROM person');
  await everywhere(opened.registry, 'DELETE FROM visit');
  for (const personId of [ada, eve]) {
    await opened.people.forKey(personId).insert(person(personId));
    await opened.visits
      .forKey(personId)
      .insert(['7', '8', '9'].map((id) => ({ id, place: `of ${personId}` })));
  }
});

/** How many SELECTs the one connection to the shard has run. */
async function selectsOn(registry: ShardRegistry, shard: string): Promise<number> {
  const show = "SHOW SESSION STATUS LIKE 'Com_select'";
  const [row] = (await registry.run(shard, (runner) => runner.query(show))) as { Value: string }[];
  return Number(row!.Value);
}

const evesVisits = () => opened.visits.forKey(eve).find({ order: { id: 'ASC' } });

describe('forKey', () => {
  it('naive: a condition without the key reaches another key’s rows on the same shard', async () => {
    const rows = await opened.router.read(ada, (manager) => manager.findBy(Visit, { id: '7' }));
    expect(rows.map(({ personId }) => personId).sort()).toEqual([ada, eve].sort());
  });

  it('finds and counts the rows of the key alone, whatever the conditions are', async () => {
    const { visits } = opened;
    const conditions: (KeyedWhere<Visit, 'personId'> | undefined)[] = [
      undefined,
      {},
      [],
      [{}, {}],
      { id: MoreThan('0') },
      [{ id: '7' }, { id: Not('7') }],
      { place: startsWith('of ') },
    ];
    for (const where of conditions) {
      const rows = await visits.forKey(ada).find({ ...(where && { where }), order: { id: 'ASC' } });
      expect(rows.map(({ personId, id }) => [personId, id])).toEqual([
        [ada, '7'],
        [ada, '8'],
        [ada, '9'],
      ]);
      expect(await visits.forKey(ada).count(where)).toBe(3);
      expect(await visits.forKey(ada).exists(where)).toBe(true);
    }
    expect(await visits.forKey(ada).findOne({ where: { id: '8' } })).toMatchObject({ id: '8' });
    expect(await visits.forKey(ada).findOne({ where: { id: '6' } })).toBeNull();
    expect(await visits.forKey(ada).exists({ id: '6' })).toBe(false);
  });

  it('changes and deletes the rows of the key alone, and says how many', async () => {
    const before = await evesVisits();
    const hers = opened.visits.forKey(ada);
    expect(await hers.update({}, { place: 'Paris' })).toBe(3);
    expect(await hers.update([], { place: 'Paris' })).toBe(3);
    expect(await hers.update({ id: '6' }, { place: 'Paris' })).toBe(0);
    expect(await hers.delete({ id: '7' })).toBe(1);
    expect(await hers.delete([])).toBe(2);
    expect(await hers.count()).toBe(0);
    expect(await evesVisits()).toEqual(before);
  });

  it('fills the key into what is inserted', async () => {
    await opened.visits.forKey(ada).insert({ id: '20', place: 'Rome' });
    await opened.visits.forKey(ada).insert([]);
    expect(await opened.visits.forKey(ada).findOne({ where: { id: '20' } })).toEqual({
      personId: ada,
      id: '20',
      place: 'Rome',
    });
  });

  it.each([
    [
      'inserting',
      (key: string, other: string) =>
        opened.visits.forKey(key).insert([
          { id: '1', place: '' },
          { personId: other, id: '2', place: '' },
        ]),
    ],
    [
      'finding',
      (key: string, other: string) =>
        opened.visits.forKey(key).find({ where: { personId: other } as object }),
    ],
    [
      'finding by another operator',
      (key: string) => opened.visits.forKey(key).find({ where: [{}, { personId: Not(key) } as object] }),
    ],
    [
      'changing',
      (key: string, other: string) =>
        opened.visits.forKey(key).update({ personId: other } as object, { place: '' }),
    ],
    [
      'changing the key',
      (key: string, other: string) => opened.visits.forKey(key).update({}, { personId: other } as object),
    ],
    [
      'deleting',
      (key: string, other: string) => opened.visits.forKey(key).delete({ personId: other } as object),
    ],
  ])('refuses another key when %s, and sends nothing', async (_title, attempt) => {
    const before = await evesVisits();
    expect(await failureOf(attempt(ada, eve))).toBeInstanceOf(ForeignShardKeyError);
    expect(await evesVisits()).toEqual(before);
    expect(await opened.visits.forKey(ada).count()).toBe(3);
  });

  it.each(['', '07', '7.0', '7e0', '+7', ' 7', '7 ', '-0', 'seven', '9'.repeat(256)])(
    'refuses %j as a key, which the database might take for another’s',
    async (key) => {
      expect(await failureOf(opened.people.forKey(key).find())).toBeInstanceOf(InvalidShardKeyError);
      expect(await failureOf(opened.people.forKeys([ada, key]).find())).toBeInstanceOf(InvalidShardKeyError);
      expect(await failureOf(opened.people.forKey(key).insert(person(ada)))).toBeInstanceOf(Error);
    },
  );

  it('refuses an entity that the shards do not have', async () => {
    class Stranger {
      id!: string;
    }
    const strangers = opened.router.repository(Stranger, 'id');
    expect(await failureOf(strangers.forKey('1').find())).toBeInstanceOf(InvalidShardQueryError);
  });
});

describe('write', () => {
  it('is one transaction over the rows of the key, rolled back as a whole', async () => {
    const failure = new Error('no');
    const hers = opened.visits.forKey(ada);
    const attempt = hers.write(async (rows) => {
      await rows.delete({});
      await rows.insert({ id: '30', place: 'Oslo' });
      expect(await rows.count()).toBe(1);
      throw failure;
    });
    expect(await failureOf(attempt)).toBe(failure);
    expect(await hers.count()).toBe(3);
  });

  it.each([
    ['locked: two that read and write it follow one another', 'lockOne', 32],
    ['naive: read without a lock, and one change is lost', 'findOne', 31],
  ] as const)('lets a row be %s', async (_title, read, age) => {
    const [firstHasRead, firstMayWrite] = [gate(), gate()];
    const hers = opened.people.forKey(ada);
    const older = (atRead: () => unknown) =>
      hers.write(async (rows) => {
        const found = await rows[read]();
        await atRead();
        await rows.update({}, { age: found!.age + 1 });
      });
    const first = older(() => {
      firstHasRead.open();
      return firstMayWrite.passed;
    });
    await firstHasRead.passed;
    let secondHasRead = false;
    const second = older(() => (secondHasRead = true));
    // Time enough for a read that does not wait.
    for (let question = 0; question < 20; question += 1) await hers.count();
    expect(secondHasRead).toBe(read === 'findOne');
    firstMayWrite.open();
    await Promise.all([first, second]);
    expect((await hers.findOne())?.age).toBe(age);
  });

  it('refuses another key in it too', async () => {
    const attempt = opened.visits.forKey(ada).write((rows) => rows.delete({ personId: eve } as object));
    expect(await failureOf(attempt)).toBeInstanceOf(ForeignShardKeyError);
  });
});

describe('forKeys', () => {
  it('gives the rows of each key at its place', async () => {
    const ids = Array.from({ length: 30 }, (_, n) => String(1_000 + n));
    for (const id of ids) await opened.people.forKey(id).insert(person(id));
    const wanted = [ids[7]!, '999999', ids[2]!, ids[7]!, ...ids.toReversed()];
    const found = await opened.people.forKeys(wanted).findOne();
    expect(found.map((row) => row?.id ?? null)).toEqual(wanted.map((id) => (id === '999999' ? null : id)));
    expect(await opened.people.forKeys([]).find()).toEqual([]);

    const visits = await opened.visits.forKeys([eve, ids[0]!, ada]).find({ where: { id: MoreThan('7') } });
    expect(visits.map((rows) => rows.map(({ personId, id }) => `${personId}:${id}`).sort())).toEqual([
      [`${eve}:8`, `${eve}:9`],
      [],
      [`${ada}:8`, `${ada}:9`],
    ]);
    const selected = await opened.people.forKeys([ids[1]!]).findOne({ select: { age: true } });
    expect(selected).toEqual([{ id: ids[1], age: 30 }]);
  });

  it('asks each shard once, for all its keys, and no other', async () => {
    const { people, visits, registry, ring } = await all.open({ poolSize: 1 });
    const selects = () => Promise.all(registry.names.map((shard) => selectsOn(registry, shard)));
    const keys = Array.from({ length: 40 }, (_, n) => String(n)).filter(
      (id) => ring.locate(id).shard !== 'shard-3',
    );
    const before = await selects();
    await people.forKeys(keys).find();
    await visits.forKeys([ada, eve, ada]).findOne({ where: { id: MoreThan('7') } });
    const after = await selects();
    const asked = registry.names.map((shard, index) => [shard, after[index]! - before[index]!]);
    expect(asked).toEqual([['shard-0', 1], ['shard-1', 2], ['shard-2', 1], ['shard-3', 0]]); // prettier-ignore
  });

  it('refuses a condition on the key', async () => {
    const attempt = opened.visits.forKeys([ada]).find({ where: { personId: eve } as object });
    expect(await failureOf(attempt)).toBeInstanceOf(ForeignShardKeyError);
  });
});

describe('an entity', () => {
  it('is sharded by one key in a process: by another its rows would be written where no read looks', async () => {
    expect(() => opened.router.repository(Visit, 'id')).toThrow(/^Visit is sharded by personId, not by id$/);
    expect(() => opened.router.repository(Visit, 'place')).toThrow(InvalidShardQueryError);
    expect(await opened.router.repository(Visit, 'personId').forKey(ada).count()).toBe(3);
  });
});

describe('Person', () => {
  it('can’t be asked for by a property that is not text', () => {
    // @ts-expect-error a sharding key is text
    expect(() => opened.router.repository(Person, 'age')).toThrow(InvalidShardQueryError);
    // @ts-expect-error the key is there already
    void (() => opened.people.forKey(ada).find({ where: { id: ada } }));
    // @ts-expect-error the key of a row stays
    void (() => opened.people.forKey(ada).update({}, { id: eve }));
  });
});
