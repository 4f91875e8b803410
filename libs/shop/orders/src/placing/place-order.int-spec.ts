import { randomUUID } from 'node:crypto';
import { ManualClock } from '@fourfold/kernel';
import { InMemoryWorkerIdLease, SnowflakeIds } from '@fourfold/sharding';
import { topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
