import { gate } from '@fourfold-tools/testing';
import type { StockLine } from '@shop/contracts';
import fc from 'fast-check';
import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProductCaches } from './product.caches.js';
import { SqlStockKeeper } from './stock.keeper.js';
import { CatalogDatabase } from './testing/catalog-database.js';

let database: CatalogDatabase;

beforeAll(async () => {
  database = await CatalogDatabase.create();
});
afterAll(() => database?.close());

/** `take` and `giveBack` don't touch the cache. */
const keeper = new SqlStockKeeper({} as ProductCaches);
/** No second attempt here: a deadlock would be an error of the test. */
const takeTogether = (orders: readonly (readonly StockLine[])[]) =>
  database.dataSource.transaction((manager) => keeper.take(manager, orders));
const take = async (lines: readonly StockLine[]) => (await takeTogether([lines]))[0]!;
const giveBack = (lines: readonly StockLine[]) =>
  database.dataSource.transaction((manager) => keeper.giveBack(manager, lines));
const line = (productId: string, quantity: number): StockLine => ({ productId, quantity });

const STOCK = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [String(index + 1), 120]));

/** 200 orders of three to six of the same ten products, each with its lines in an order of its own. */
function overlappingOrders(): StockLine[][] {
  const lines = fc
    .shuffledSubarray(Object.keys(STOCK), { minLength: 3, maxLength: 6 })
    .chain((ids) => fc.tuple(...ids.map((id) => fc.integer({ min: 1, max: 4 }).map((n) => line(id, n)))));
  return fc.sample(lines, { numRuns: 200, seed: 7 });
}

function less(orders: readonly StockLine[][]): Record<string, number> {
  const left = { ...STOCK };
  for (const { productId, quantity } of orders.flat()) left[productId]! -= quantity;
  return left;
}

describe('200 orders that want the same products at once', () => {
  it('take what there is and no unit more, and none is lost to a deadlock', async () => {
    await database.fill(STOCK);
    const orders = overlappingOrders();
    const taken = await Promise.all(orders.map(take));

    const confirmed = orders.filter((_order, index) => taken[index]);
    const left = await database.stock();
    expect(left).toEqual(less(confirmed));
    expect(Math.min(...Object.values(left))).toBeGreaterThanOrEqual(0);
    // They do compete: some had to be turned away, each for a product that had run short.
    expect(confirmed.length).toBeGreaterThan(0);
    expect(confirmed.length).toBeLessThan(orders.length);

    await Promise.all(confirmed.map(giveBack));
    expect(await database.stock()).toEqual(STOCK);
  });

  it('in transactions of twenty take what they would have taken one after the other', async () => {
    await database.fill(STOCK);
    const orders = overlappingOrders();
    const groups = Array.from({ length: 10 }, (_, index) => orders.slice(20 * index, 20 * index + 20));
    const taken = [];
    for (const group of groups) taken.push(...(await takeTogether(group)));
    const together = await database.stock();
    await database.fill(STOCK);
    const alone = [];
    for (const order of orders) alone.push(await take(order));
    expect(taken).toEqual(alone);
    expect(together).toEqual(await database.stock());
    expect(new Set(taken)).toEqual(new Set([true, false]));
  });

  it('naive twin: a line of each order, and none of each product, takes the units of one order alone', async () => {
    await database.fill({ 1: 10 });
    const lines = JSON.stringify([line('1', 3), line('1', 4)]);
    await database.dataSource.query(
      `UPDATE stock JOIN JSON_TABLE(?, '$[*]' COLUMNS (id INT PATH '$.productId', units INT PATH '$.quantity')) AS line
         ON line.id = stock.product_id SET stock.available = stock.available - line.units`,
      [lines],
    );
    expect((await database.stock())[1]).toBeGreaterThan(3);
    await database.fill({ 1: 10 });
    expect(await takeTogether([[line('1', 3)], [line('1', 4)]])).toEqual([true, true]);
    expect(await database.stock()).toEqual({ 1: 3 });
  });

  it('naive twin: locking the lines as they come ends in a deadlock', async () => {
    await database.fill({ 1: 10, 2: 10 });
    const lock = (manager: EntityManager, id: string) =>
      manager.query('SELECT available FROM stock WHERE product_id = ? FOR UPDATE', [id]);
    const firstLocks = [gate(), gate()];
    const outcomes = await Promise.allSettled(
      [
        ['1', '2'],
        ['2', '1'],
      ].map(([first, second], index) =>
        database.dataSource.transaction(async (manager) => {
          await lock(manager, first!);
          firstLocks[index]!.open();
          await firstLocks[1 - index]!.passed;
          await lock(manager, second!);
        }),
      ),
    );
    const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(lost).toMatchObject([{ code: 'ER_LOCK_DEADLOCK' }]);
  });
});

describe('two buyers of the last unit', () => {
  it('naive twin: reading first and writing what is left sells it twice', async () => {
    await database.fill({ 1: 1 });
    const reads = [gate(), gate()];
    const sold = await Promise.all(
      reads.map(async (read) =>
        database.dataSource.transaction(async (manager) => {
          const [row] = await manager.query<{ available: number }[]>('SELECT available FROM stock');
          read.open();
          await Promise.all(reads.map(({ passed }) => passed));
          if (row!.available < 1) return false;
          await manager.query('UPDATE stock SET available = ?', [row!.available - 1]);
          return true;
        }),
      ),
    );
    expect(sold).toEqual([true, true]);
    expect(await database.stock()).toEqual({ 1: 0 });
  });

  it('are one who gets it and one who does not', async () => {
    await database.fill({ 1: 1 });
    const sold = await Promise.all([take([line('1', 1)]), take([line('1', 1)])]);
    expect(sold.toSorted()).toEqual([false, true]);
    expect(await database.stock()).toEqual({ 1: 0 });
  });
});

describe('an order', () => {
  it.each([
    ['of which one product is short', [line('1', 5), line('2', 6)]],
    ['of which one product does not exist', [line('1', 5), line('3', 1)]],
  ])('%s takes nothing', async (_what, lines) => {
    await database.fill({ 1: 5, 2: 5 });
    expect(await take(lines)).toBe(false);
    expect(await database.stock()).toEqual({ 1: 5, 2: 5 });
  });

  it('has to find all of a product that it names twice', async () => {
    await database.fill({ 1: 5 });
    expect(await take([line('1', 3), line('1', 3)])).toBe(false);
    expect(await take([line('1', 3), line('1', 2)])).toBe(true);
    expect(await database.stock()).toEqual({ 1: 0 });
  });

  it('that comes first in its transaction is served first, and one that is short leaves all to the next', async () => {
    await database.fill({ 1: 3, 2: 9 });
    const orders = [
      [line('1', 2), line('2', 1)],
      [line('1', 2), line('2', 4)],
      [line('1', 1), line('2', 8)],
    ];
    expect(await takeTogether(orders)).toEqual([true, false, true]);
    expect(await database.stock()).toEqual({ 1: 0, 2: 0 });
  });

  it('of 1,000 products is taken whole', async () => {
    const stock = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [String(index + 1), 3]));
    await database.fill(stock);
    expect(await take(Object.keys(stock).map((id) => line(id, 2)))).toBe(true);
    expect(new Set(Object.values(await database.stock()))).toEqual(new Set([1]));
  });

  it('of an id above 2^53 takes from that product and no other', async () => {
    await database.fill({ '9223372036854775806': 5, '9223372036854775807': 5 });
    expect(await take([line('9223372036854775807', 2)])).toBe(true);
    expect(await database.stock()).toEqual({ '9223372036854775806': 5, '9223372036854775807': 3 });
  });
});
