import { randomUUID } from 'node:crypto';
import { ManualClock } from '@fourfold/kernel';
import { InMemoryWorkerIdLease, SnowflakeIds } from '@fourfold/sharding';
import { topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OrderLines1764300000600 } from '../migrations/order-lines.migration.js';
import type { OrderView } from '../order.view.js';
import { OrdersDatabase } from '../testing/orders-database.js';

let orders: OrdersDatabase;

beforeAll(async () => {
  orders = await OrdersDatabase.start();
});
afterAll(() => orders?.close());

const request = () => ({
  caller: 'customer:7',
  route: 'POST /v1/orders',
  key: randomUUID(),
  body: { userId: '7', items: [{ productId: '1', quantity: 1 }], shippingAddress: 'Here' },
});

describe('an order that was placed', () => {
  it('is in the cache soon after, without anybody having asked', async () => {
    const { place, cachedOrder } = await orders.commands(topology().redisCache.url);
    const { orderId } = await place.execute(request());
    expect(await cachedOrder(orderId)).toMatchObject({ id: orderId, status: 'pending' });
  });

  it('is found by one who was told a moment before that there is no such order', async () => {
    const { place, reader } = await orders.commands(topology().redisCache.url);
    const id = orders.upcomingId();
    expect(await reader.find(id)).toBeNull();
    expect((await place.execute(request())).orderId).toBe(id);
    expect(await reader.find(id)).toMatchObject({ id, status: 'pending' });
  });
});

describe('the items of an order', () => {
  it('stand as they stood in the request, in the answer to it and whenever it is read', async () => {
    const { place, reader } = await orders.commands(topology().redisCache.url);
    const items = ['30', '4', '100', '5'].map((productId, index) => ({ productId, quantity: index + 1 }));
    const given = request();
    const { orderId, responseBody } = await place.execute({ ...given, body: { ...given.body, items } });
    const placed = (JSON.parse(responseBody) as OrderView).items;
    expect(placed).toMatchObject(items);
    expect((await reader.find(orderId))?.items).toEqual(placed);
  });

  it('are taken from a release that does not know their places, and the migration can be repeated', async () => {
    const { reader } = await orders.commands(topology().redisCache.url);
    const id = await orders.orderOf(['30', '4', '100']);
    await orders.dataSource.query(
      'INSERT INTO order_items (order_id, product_id, quantity, unit_price_minor) VALUES (?, 5, 1, 100)',
      [id],
    );
    expect((await reader.find(id))?.items.map(({ productId }) => productId)).toEqual(['4', '5', '30', '100']);
    const runner = orders.dataSource.createQueryRunner();
    await new OrderLines1764300000600().up(runner);
    await runner.release();
  });
});

describe('a process that was frozen until its ids had run out', () => {
  it('places an order as soon as it has new ones', async () => {
    const clock = new ManualClock(Date.now());
    const ids = await SnowflakeIds.start(new InMemoryWorkerIdLease(), { clock });
    const { place, cachedOrder } = await orders.commands(topology().redisCache.url, ids);
    clock.advance(3_600_000);
    const { orderId } = await place.execute(request());
    expect(await cachedOrder(orderId)).toMatchObject({ id: orderId, status: 'pending' });
    await ids.onApplicationShutdown();
  });
});
