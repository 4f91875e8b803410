import { InvalidCursorError } from '@fourfold/kernel';
import fc from 'fast-check';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, SHARDS } from '../../testing/test-shards.js';
import { People, person, type Person } from '../../testing/people.js';
import type { PageOrder } from './keyset-order.js';
import { InvalidShardQueryError } from '../../sharded-entities.js';

const deadlineMs = 5_000;

/** As a release had it that knew fewer columns. */
@Entity('person')
class EarlierPerson {
  @PrimaryColumn('bigint', { unsigned: true })
  id!: string;

  @Column({ type: 'varchar', length: 40, collation: 'utf8mb4_bin' })
  name!: string;

  @Column('int')
  age!: number;
}

let all: People;
let opened: Awaited<ReturnType<People['open']>>;

beforeAll(async () => {
  all = await People.start();
  opened = await all.open();
  for (let id = 1; id <= 20; id += 1)
    await opened.people.forKey(String(id)).insert(person(String(id), { age: 1 }));
});
afterAll(() => all.stop());

describe('a cursor', () => {
  it('of another query is refused before any shard is asked', async () => {
    const { people: cut, visits } = await all.open();
    const { nextCursor } = await opened.people.page({
      where: { age: 1 },
      order: { name: 'ASC' },
      limit: 1,
      deadlineMs,
    });
    const cursor = nextCursor!;
    const accepted = () => SHARDS.map((shard) => all.shards.proxy(shard).accepted);
    const before = accepted();
    for (const attempt of [
      cut.page({ where: { age: 2 }, order: { name: 'ASC' }, limit: 1, deadlineMs, cursor }),
      cut.page({ order: { name: 'ASC' }, limit: 1, deadlineMs, cursor }),
      cut.page({ where: { age: 1 }, order: { name: 'DESC' }, limit: 1, deadlineMs, cursor }),
      cut.page({ where: { age: 1 }, order: { name: 'ASC', age: 'ASC' }, limit: 1, deadlineMs, cursor }),
      cut.forKey('1').page({ where: { age: 1 }, order: { name: 'ASC' }, limit: 1, cursor }),
      visits.page({ order: { id: 'ASC' }, limit: 1, deadlineMs, cursor }),
    ])
      expect(await failureOf(attempt)).toMatchObject({ code: 'invalid-cursor', status: 400 });
    expect(accepted()).toEqual(before);
    // Of the same query it goes, with another limit too.
    await opened.people.page({ where: { age: 1 }, order: { name: 'ASC' }, limit: 9, deadlineMs, cursor });
  });

  it('outlives a release that adds a column, both ways', async () => {
    const { router } = await all.open({ entities: [EarlierPerson] });
    const earlier = router.repository(EarlierPerson, 'id');
    const query = { where: { age: 1 }, order: { name: 'ASC' as const }, limit: 8, deadlineMs };
    const whole = await opened.people.page({ ...query, limit: 20 });
    const [older, newer] = [await earlier.page(query), await opened.people.page(query)];
    expect(older.nextCursor).toBe(newer.nextCursor);
    const next = await earlier.page({ ...query, cursor: newer.nextCursor! });
    const last = await opened.people.page({ ...query, cursor: next.nextCursor! });
    expect([newer, next, last].flatMap(({ items }) => items.map(({ id }) => id))).toEqual(
      whole.items.map(({ id }) => id),
    );
    const other = earlier.page({ ...query, where: { age: 2 }, cursor: newer.nextCursor! });
    expect(await failureOf(other)).toBeInstanceOf(InvalidCursorError);
  });

  it('that is none is refused, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.base64String(), fc.json().map(btoaUrl)), async (cursor) => {
        const attempt = opened.people.page({ order: { id: 'ASC' }, limit: 1, deadlineMs, cursor });
        expect(await failureOf(attempt)).toBeInstanceOf(InvalidCursorError);
      }),
    );
  });

  it('that was tampered with is refused, and so is one of other secrets, or of none', async () => {
    const query = { order: { seenAt: 'ASC' as const }, limit: 1, deadlineMs };
    const secret = 'a-secret-of-at-least-32-characters';
    const nextSecret = 'another-secret-of-over-32-characters';
    const signedBy = async (...cursorSecrets: string[]) => (await all.open({ cursorSecrets })).people;
    const people = await signedBy(secret);
    const { nextCursor } = await people.page(query);
    const cursor = nextCursor!;
    const bytes = Buffer.from(cursor, 'base64url');
    bytes[bytes.length - 3]! ^= 1;
    for (const refused of [
      people.page({ ...query, cursor: bytes.toString('base64url') }),
      (await signedBy(nextSecret)).page({ ...query, cursor }),
      opened.people.page({ ...query, cursor }),
    ])
      expect(await failureOf(refused)).toBeInstanceOf(InvalidCursorError);
    const { items } = await people.page({ ...query, cursor });
    expect((await (await signedBy(nextSecret, secret)).page({ ...query, cursor })).items).toEqual(items);
  });
});

describe('an order', () => {
  it.each([
    ['that may be null', { nickname: 'ASC' }],
    ['of a type that JavaScript may order otherwise', { weight: 'ASC' }],
    ['that is no column', { nothing: 'ASC' }],
    ['of a way that is none', { age: 'up' }],
  ])('by a column %s is refused', async (_title, by) => {
    const attempt = opened.people.page({ order: by as PageOrder<Person>, limit: 1, deadlineMs });
    expect(await failureOf(attempt)).toBeInstanceOf(InvalidShardQueryError);
  });

  it.each([0, -1, 1.5, Number.NaN])('with a limit of %d is refused', async (limit) => {
    const attempt = opened.people.page({ order: { id: 'ASC' }, limit, deadlineMs });
    expect(await failureOf(attempt)).toBeInstanceOf(InvalidShardQueryError);
  });
});

function btoaUrl(text: string): string {
  return Buffer.from(text).toString('base64url');
}
