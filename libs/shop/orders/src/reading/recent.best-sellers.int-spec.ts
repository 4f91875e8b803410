import { topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OrdersDatabase } from '../testing/orders-database.js';
import { MOST_OFTEN_ORDERED } from './recent.best-sellers.js';

let orders: OrdersDatabase;

beforeAll(async () => {
  orders = await OrdersDatabase.start();
});
afterAll(() => orders?.close());

describe('the best sellers', () => {
  it('are none while there are no orders', async () => {
    expect(await (await orders.bestSellers(topology().redisCache.url)).ids(10)).toEqual([]);
  });

  it('are the products that most orders have, whatever the quantities, and no more than asked for', async () => {
    for (const products of [['1', '2'], ['2', '3'], ['2'], ['3']]) await orders.orderOf(products);
    await orders.orderOf(['4'], 1_000);
    const bestSellers = await orders.bestSellers(topology().redisCache.url);
    expect(await bestSellers.ids(10)).toEqual(['2', '3', '1', '4']);
    expect(await bestSellers.ids(2)).toEqual(['2', '3']);
  });

  it('are found in the latest lines by the primary key, backwards and without a sort', async () => {
    const plan = await orders.dataSource.query<Record<string, string>[]>(
      `EXPLAIN ${MOST_OFTEN_ORDERED}`,
      [10],
    );
    const lines = plan.find((step) => step['table'] === 'order_items');
    expect(lines).toMatchObject({ type: 'index', key: 'PRIMARY' });
    // MySQL says which way, too.
    expect(lines?.['Extra']).toMatch(/^(Backward index scan; )?Using index$/);
  });
});
