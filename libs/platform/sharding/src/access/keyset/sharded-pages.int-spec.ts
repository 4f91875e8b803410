import { startsWith } from '@fourfold/db-routing';
import { InvalidCursorError } from '@fourfold/kernel';
import fc from 'fast-check';
import { DataSource, type FindOptionsWhere, Like, MoreThan } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '@fourfold-tools/testing';
import { freshDatabase } from '../../testing/mariadb.js';
import { failureOf, SHARDS } from '../../testing/test-shards.js';
import { ShardUnavailableError } from '../../routing/shard-unavailable.error.js';
import { People, PEOPLE_TABLES, person, Person, Visit } from '../../testing/people.js';
import type { PageOrder } from './keyset-order.js';
import { InvalidShardQueryError } from '../../sharded-entities.js';

const SEED = 6;
const deadlineMs = 5_000;

/** Texts that are ordered wrongly by UTF-16 units, by ignoring case, or by counting spaces at the end. */
const letters = [
  'a',
  'A',
  'b',
  'é',
  'ß',
  'z',
  '1',
  '10',
  '9',
  ' ',
  '\t',
  '%',
  '_',
  '\uFFFD',
  '\u{1F600}',
  '\u0001',
];
const names = fc.array(fc.constantFrom(...letters), { maxLength: 3 }).map((parts) => parts.join(''));
/** Of every length, and beyond what a number can hold. */
const ids = fc.oneof(
  fc.bigInt({ min: 1n, max: 200n }),
  fc.bigInt({ min: 2n ** 53n - 50n, max: 2n ** 53n + 50n }),
  fc.bigInt({ min: 2n ** 64n - 200n, max: 2n ** 64n - 1n }),
);
const rows = fc.uniqueArray(
  fc.record({
    id: ids.map(String),
    name: names,
    age: fc.integer({ min: -2, max: 2 }),
    ms: fc.integer({ min: -2, max: 2 }),
  }),
  { selector: ({ id }) => id, minLength: 300, maxLength: 300, size: 'max' },
);

let all: People;
let opened: Awaited<ReturnType<People['open']>>;
let single: TestDatabase;
let reference: DataSource;
let people: Person[];

beforeAll(async () => {
  all = await People.start();
  opened = await all.open();
  single = await freshDatabase('shard-0');
  reference = new DataSource({
    type: 'mysql',
    url: single.rootUrl,
    entities: [Person, Visit],
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  await reference.initialize();
  for (const statement of PEOPLE_TABLES) await reference.query(statement);
  const [sample] = fc.sample(rows, { seed: SEED, numRuns: 1 });
  people = sample!.map(({ id, name, age, ms }) => person(id, { name, age, seenAt: new Date(ms) }));
  await reference.manager.insert(Person, people);
  for (const row of people) await opened.people.forKey(row.id).insert(row);
});
afterAll(async () => {
  await reference?.destroy();
  await single?.drop();
  await all?.stop();
});

interface Query {
  where?: FindOptionsWhere<Person> | FindOptionsWhere<Person>[];
  order: PageOrder<Person>;
}

async function pagesOf(query: Query, limit: number): Promise<Person[][]> {
  const pages: Person[][] = [];
  let cursor: string | undefined;
  do {
    const page = await opened.people.page({ ...query, limit, cursor, deadlineMs });
    expect(page.unavailableShards).toEqual([]);
    pages.push(page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && pages.length <= people.length);
  expect(cursor).toBeUndefined();
  return pages;
}

/** What one database with all the rows says; ties as `page` breaks them. */
function referenceOf({ where, order }: Query): Promise<Person[]> {
  const last = Object.values(order).at(-1) ?? 'ASC';
  return reference.manager.find(Person, {
    ...(where && { where }),
    order: { ...order, id: order.id ?? last },
  });
}

const direction = fc.constantFrom('ASC' as const, 'DESC' as const);
const order: fc.Arbitrary<PageOrder<Person>> = fc
  .tuple(
    fc.shuffledSubarray(['name', 'age', 'seenAt', 'id'] as const),
    fc.array(direction, { minLength: 4, maxLength: 4 }),
  )
  .map(([columns, ways]) => Object.fromEntries(columns.map((column, index) => [column, ways[index]])));
const where = fc.constantFrom<Query['where']>(
  undefined,
  [],
  { name: startsWith('a') },
  { age: 1 },
  { age: MoreThan(-1), name: MoreThan('A') },
  [{ age: 0 }, { name: Like('%\u{1F600}%') }],
  { id: MoreThan('100') },
  { name: 'no row has this name' },
);

describe('a page over all shards', () => {
  it('is, page after page, what one database with all the rows would give, in any order', async () => {
    const limit = fc.constantFrom(1, 7, 40, 299, 300, 301);
    await fc.assert(
      fc.asyncProperty(where, order, limit, async (given, by, most) => {
        const query = { ...(given && { where: given }), order: by };
        const expected = await referenceOf(query);
        // A page of one row each is a query a row: enough of them is shown by the other limits.
        if (most === 1 && expected.length > 60) return;
        const pages = await pagesOf(query, most);
        expect(pages.flat().map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
        expect(pages.slice(0, -1).every((page) => page.length === most)).toBe(true);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it('neither repeats nor skips a row that was there all along while others come and go', async () => {
    const query = { order: { name: 'ASC' as const }, limit: 50, deadlineMs };
    const first = await opened.people.page(query);
    const [gone, kept] = [first.items.at(-1)!, first.items.at(-2)!];
    const [before, after] = ['', '\u{10FFFF}'].map((name, n) => person(String(5_000 + n), { name }));
    await opened.people.forKey(gone.id).delete({});
    for (const row of [before!, after!]) await opened.people.forKey(row.id).insert(row);
    const rest: string[] = [];
    for (let cursor = first.nextCursor; cursor !== null;) {
      const page = await opened.people.page({ ...query, cursor });
      rest.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(rest).not.toContain(kept.id);
    expect(rest).toContain(after!.id);
    expect(new Set([...first.items.map(({ id }) => id), ...rest, before!.id])).toEqual(
      new Set([...people.map(({ id }) => id), before!.id, after!.id]),
    );
    await opened.people.forKey(gone.id).insert(gone);
    for (const row of [before!, after!]) await opened.people.forKey(row.id).delete({});
  });

  it('names a shard that is away and gives the others’ rows; or rejects, when a part is not wanted', async () => {
    const { people: some } = await all.open();
    await all.shards.proxy('shard-2').close();
    try {
      const query = { order: { id: 'ASC' as const }, limit: 1_000, deadlineMs: 10_000 };
      const { items, unavailableShards } = await some.page(query);
      expect(unavailableShards).toEqual(['shard-2']);
      const there = people.filter(({ id }) => opened.ring.locate(id).shard !== 'shard-2');
      expect(items).toHaveLength(there.length);
      const scattered = await some.scatter({ where: { age: 1 } }, { deadlineMs: 10_000 });
      expect(scattered.unavailableShards).toEqual(['shard-2']);
      for (const whole of [
        some.page({ ...query, partial: false }),
        some.scatter({}, { deadlineMs: 10_000, partial: false }),
      ])
        expect(await failureOf(whole)).toBeInstanceOf(ShardUnavailableError);
    } finally {
      await all.shards.proxy('shard-2').open();
    }
  });
});

describe('a page of one key', () => {
  it('goes through the rows of the key alone', async () => {
    const [ada, eve] = SHARDS.map(
      (shard) => people.find(({ id }) => opened.ring.locate(id).shard === shard)!.id,
    );
    for (const personId of [ada!, eve!])
      await opened.visits
        .forKey(personId)
        .insert(Array.from({ length: 12 }, (_, n) => ({ id: String(n), place: 'x' })));
    const found: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await opened.visits.forKey(ada!).page({ order: { id: 'DESC' }, limit: 5, cursor });
      expect(page.items.every(({ personId }) => personId === ada)).toBe(true);
      found.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(found).toEqual(Array.from({ length: 12 }, (_, n) => String(11 - n)));
    const { nextCursor } = await opened.visits.forKey(ada!).page({ order: { id: 'DESC' }, limit: 5 });
    const foreign = opened.visits.forKey(eve!).page({ order: { id: 'DESC' }, limit: 5, cursor: nextCursor! });
    expect(await failureOf(foreign)).toBeInstanceOf(InvalidCursorError);
  });

  it('needs an order where the key is the primary key: without one the second page would forget the key', async () => {
    const [first] = people;
    const page = opened.people.forKey(first!.id).page({ order: {}, limit: 1 });
    expect(await failureOf(page)).toBeInstanceOf(InvalidShardQueryError);
    // Elsewhere what is left of the primary key is the order.
    expect((await opened.visits.forKey(first!.id).page({ order: {}, limit: 1 })).items).toBeDefined();
  });
});
