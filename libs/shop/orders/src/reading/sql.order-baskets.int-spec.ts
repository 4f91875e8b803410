import { topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OrdersDatabase } from '../testing/orders-database.js';

let orders: OrdersDatabase;
beforeAll(async () => {
  orders = await OrdersDatabase.start();
});
afterAll(() => orders?.close());

const order = async (status: 'pending' | 'confirmed' | 'rejected' | 'cancelled', products: string[]) => {
  const id = await orders.orderOf(products);
  await orders.setStatus(id, status);
  return id;
};
const baskets = (...index: string[]) => orders.baskets(topology().redisCache.url, index);

describe('the baskets of orders', () => {
  it('are the products of those that are confirmed', async () => {
    const confirmed = [await order('confirmed', ['1', '2']), await order('confirmed', ['3'])];
    const others = [
      await order('pending', ['4']),
      await order('rejected', ['5']),
      await order('cancelled', ['6']),
      '404',
    ];
    const reader = await baskets();
    const found = await reader.confirmed(orders.dataSource.manager, [...others, ...confirmed]);
    expect(found.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))).toEqual([
      { orderId: confirmed[0], productIds: ['1', '2'] },
      { orderId: confirmed[1], productIds: ['3'] },
    ]);
    expect(await reader.confirmed(orders.dataSource.manager, [])).toEqual([]);
  });

  it.each(['pending', 'confirmed'] as const)('of a user: the newest that is %s', async (status) => {
    const older = await order('confirmed', ['1']);
    const newest = await order(status, ['3', '2']);
    const cancelled = await order('cancelled', ['9']);
    const rejected = await order('rejected', ['8']);
    expect(await (await baskets(rejected, cancelled, newest, older)).latestOf('7')).toEqual({
      orderId: newest,
      productIds: expect.toSatisfy((ids: string[]) => ids.toSorted().join() === '2,3'),
    });
  });

  it('of a user without such an order: none', async () => {
    const cancelled = await order('cancelled', ['9']);
    expect(await (await baskets(cancelled, '404')).latestOf('7')).toBeNull();
    expect(await (await baskets()).latestOf('7')).toBeNull();
  });
});
