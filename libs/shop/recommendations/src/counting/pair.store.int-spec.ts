import { eventually, gate, seeded } from '@fourfold-tools/testing';
import { isRetryableConflict } from '@fourfold/db-routing';
import { createConnection } from 'mysql2/promise';
import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CountsDatabase } from '../testing/counts-database.js';
import { KeptPairsModel } from '../testing/kept-pairs.model.js';
import { countBaskets } from './basket.counts.js';
import { KEPT_PAIRS, MOST_PAIRS } from './kept-pairs.policy.js';

let counts: CountsDatabase;
beforeAll(async () => {
  counts = await CountsDatabase.start();
});
afterAll(() => counts?.close());
beforeEach(() => counts.empty());

const counted = (orders: number) => ({
  pairs: { '1 2': orders, '2 1': orders },
  products: { 1: orders, 2: orders },
});
const found = async () => ({ pairs: await counts.pairs(), products: await counts.products() });

/** Whether a transaction waits for the row of a product. */
const waits = async () =>
  (
    await counts.dataSource.query<unknown[]>(
      `SELECT 1 FROM information_schema.processlist
       WHERE db = DATABASE() AND info LIKE '%INSERT INTO basket_products%' AND id <> CONNECTION_ID()`,
    )
  ).length > 0;

describe('counts of what is bought together', () => {
  it('are what an independent count comes to, whatever the groups', async () => {
    const random = seeded(5);
    const baskets = Array.from({ length: 120 }, () => [
      ...new Set(
        Array.from({ length: 1 + Math.floor(random() * 5) }, () => String(1 + Math.floor(random() * 12))),
      ),
    ]);
    const [pairs, products]: Record<string, number>[] = [{}, {}];
    for (const basket of baskets)
      for (const a of basket) {
        products![a] = (products![a] ?? 0) + 1;
        for (const b of basket) if (a !== b) pairs![`${a} ${b}`] = (pairs![`${a} ${b}`] ?? 0) + 1;
      }
    await counts.count(...baskets.slice(0, 1));
    await counts.count(...baskets.slice(1, 17));
    await counts.count(...baskets.slice(17));
    expect(await found()).toEqual({ pairs, products });
  });

  it('take ids that no double holds', async () => {
    await counts.count(['9223372036854775807', '9223372036854775806']);
    expect(Object.keys(await counts.pairs()).sort()).toEqual([
      '9223372036854775806 9223372036854775807',
      '9223372036854775807 9223372036854775806',
    ]);
  });

  it('are kept of as many others of a product as there may be: those that may have been in most orders', async () => {
    const random = seeded(7);
    const model = new KeptPairsModel(KEPT_PAIRS, MOST_PAIRS);
    for (let at = 0; at < 700; at += 1) {
      // Some are bought again and again, most once.
      const other = String(random() < 0.6 ? 10 + Math.floor(random() * 12) : 1_000 + at);
      model.add(other);
      await counts.count(['1', other]);
    }
    const rows = await counts.dataSource.query<object[]>(
      `SELECT CAST(other_id AS CHAR) AS otherId, CAST(orders AS SIGNED) AS orders, CAST(missed AS SIGNED) AS missed
       FROM basket_pairs WHERE product_id = 1`,
    );
    expect(rows.length).toBeLessThanOrEqual(MOST_PAIRS);
    const numbers = rows.map((row) => {
      const { otherId, orders, missed } = row as Record<string, string>;
      return { otherId: otherId!, orders: Number(orders), missed: Number(missed) };
    });
    // Of equal ones either may be forgotten; those that are bought again and again never are.
    const often = (pairs: typeof numbers) =>
      pairs
        .filter(({ otherId }) => Number(otherId) < 1_000)
        .toSorted((a, b) => Number(a.otherId) - Number(b.otherId));
    expect(often(numbers)).toHaveLength(12);
    expect(often(numbers)).toEqual(often(model.all()));
  });
});

describe('a message that is delivered twice', () => {
  beforeEach(() => counts.confirm('7', ['1', '2']));

  it('naive twin: without the inbox its pairs are there twice', async () => {
    await counts.countWithoutInbox('7');
    await counts.countWithoutInbox('7');
    expect(await found()).toEqual(counted(2));
  });

  it('adds its pairs once: one after the other, at once in one worker, and at once in two', async () => {
    const [one, two] = [counts.worker(), counts.worker()];
    await Promise.all([
      one.once({ messageId: '7' }),
      one.once({ messageId: '7' }),
      two.once({ messageId: '7' }),
    ]);
    await two.once({ messageId: '7' });
    expect(await found()).toEqual(counted(1));
  });

  it('adds them once when its worker was killed before the commit', async () => {
    const [reached, killed] = [gate(), gate()];
    let connection = '';
    const dying = counts.worker(async (manager: EntityManager) => {
      const [row] = await manager.query<{ id: string }[]>('SELECT CONNECTION_ID() AS id');
      // Of the second try, on another connection.
      if (connection !== '') throw new Error('the worker is gone');
      connection = String(row!.id);
      reached.open();
      await killed.passed;
    });
    const first = dying.once({ messageId: '7' }).catch((error: unknown) => error);
    await reached.passed;
    const owner = await createConnection({ uri: counts.rootUrl });
    await owner.query(`KILL CONNECTION ${connection}`);
    await owner.end();
    killed.open();
    expect(await first).toBeInstanceOf(Error);
    expect(await found()).toEqual({ pairs: {}, products: {} });
    await counts.worker().once({ messageId: '7' });
    expect(await found()).toEqual(counted(1));
  });

  it('of an order that is not confirmed any more adds nothing, and is done', async () => {
    await counts.worker().once({ messageId: '8' });
    expect(await found()).toEqual({ pairs: {}, products: {} });
  });
});

describe('two workers that count the same products at once', () => {
  it('naive twin: who reads, adds and writes loses what the other one has counted meanwhile', async () => {
    await counts.count(['1', '2']);
    const bothHaveRead = gate();
    let reads = 0;
    const add = () =>
      counts.dataSource.transaction(async (manager) => {
        const sql = 'SELECT orders FROM basket_pairs WHERE product_id = 1 AND other_id = 2';
        const [row] = await manager.query<{ orders: number }[]>(sql);
        if ((reads += 1) === 2) bothHaveRead.open();
        await bothHaveRead.passed;
        const update = 'UPDATE basket_pairs SET orders = ? WHERE product_id = 1 AND other_id = 2';
        await manager.query(update, [Number(row!.orders) + 1]);
      });
    await Promise.all([add(), add()]);
    expect((await counts.pairs())['1 2']).toBe(2);
  });

  it('naive twin: order by order, each in its own order, one of them loses a deadlock', async () => {
    const [first, second] = [gate(), gate()];
    const both = (baskets: string[][], own: typeof first, others: typeof first) =>
      counts.dataSource
        .transaction(async (manager) => {
          await counts.store.add(manager, countBaskets(baskets.slice(0, 1)));
          own.open();
          await others.passed;
          await counts.store.add(manager, countBaskets(baskets.slice(1)));
        })
        .catch((error: unknown) => error);
    const outcomes = await Promise.all([
      both([['1'], ['2']], first, second),
      both([['2'], ['1']], second, first),
    ]);
    expect(outcomes.filter(isRetryableConflict)).toHaveLength(1);
  });

  it('follow one another, and nothing is lost', async () => {
    const [holds, mayEnd] = [gate(), gate()];
    const first = counts.dataSource.transaction(async (manager) => {
      await counts.store.add(manager, countBaskets([['1'], ['2'], ['1', '2']]));
      holds.open();
      await mayEnd.passed;
    });
    await holds.passed;
    const second = counts.dataSource.transaction((manager) =>
      counts.store.add(manager, countBaskets([['2'], ['1'], ['2', '1']])),
    );
    await eventually(waits);
    mayEnd.open();
    await Promise.all([first, second]);
    expect(await found()).toEqual({ pairs: { '1 2': 2, '2 1': 2 }, products: { 1: 4, 2: 4 } });
  });

  it('neither deadlock nor lose counts, however many there are', async () => {
    const random = seeded(3);
    const baskets = Array.from({ length: 160 }, () => [
      ...new Set(Array.from({ length: 6 }, () => String(1 + Math.floor(random() * 10)))),
    ]);
    // Not by `inTransaction`, which would run a loser again.
    const each = baskets.map((basket) =>
      counts.dataSource.transaction((manager) => counts.store.add(manager, countBaskets([basket]))),
    );
    await Promise.all(each);
    const { products, pairs } = countBaskets(baskets);
    expect(await found()).toEqual({
      products: Object.fromEntries(products),
      pairs: Object.fromEntries(pairs.map(([a, b, orders]) => [`${a} ${b}`, orders])),
    });
  });
});
