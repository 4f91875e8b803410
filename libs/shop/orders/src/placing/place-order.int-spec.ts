import { randomUUID } from 'node:crypto';
import { ManualClock } from '@fourfold/kernel';
import { InMemoryWorkerIdLease, SnowflakeIds } from '@fourfold/sharding';
import { UserNotFoundError } from '@shop/contracts';
import { topology } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { OrderLines1764300000600 } from '../migrations/order-lines.migration.js';
import type { OrderView } from '../order.view.js';
import { IdempotencyInProgressError, IdempotencyKeyReusedError } from '../orders.errors.js';
import { NO_USER, OrdersDatabase } from '../testing/orders-database.js';
import { IdempotencyStore } from './idempotency.store.js';

let orders: OrdersDatabase;

beforeAll(async () => {
  orders = await OrdersDatabase.start();
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => orders?.close());

const request = () => ({
  caller: 'customer:7',
  route: 'POST /v1/orders',
  key: randomUUID(),
  body: { userId: '7', items: [{ productId: '1', quantity: 1 }], shippingAddress: 'Here' },
});

async function acceptedCounted(): Promise<number> {
  return Number((await register.getSingleMetricAsString('orders_accepted_total')).split(' ').at(-1));
}

describe('an order that was placed', () => {
  it('is in the cache soon after, before any caller has asked', async () => {
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

describe('a request', () => {
  it('for a user who does not exist is refused', async () => {
    const { place } = await orders.commands(topology().redisCache.url);
    const given = request();
    const refused = place.execute({ ...given, body: { ...given.body, userId: NO_USER } });
    await expect(refused).rejects.toBeInstanceOf(UserNotFoundError);
  });

  it('that is repeated has the bytes of the first answer, whatever is in stock by now, and one order', async () => {
    const { place, products } = await orders.commands(topology().redisCache.url);
    const given = request();
    const before = await acceptedCounted();
    const first = await place.execute(given);
    products.stock = 0;
    expect(await place.execute(given)).toEqual({ ...first, replayed: true });
    expect(await acceptedCounted()).toBe(before + 1);
    const id = first.orderId;
    expect(await orders.messagesAbout(id)).toEqual([`order-index:${id}`, `order-placed:${id}`]);
  });

  it('that is repeated before the first one is seen has its answer as well', async () => {
    const { place } = await orders.commands(topology().redisCache.url);
    const given = request();
    const first = await place.execute(given);
    vi.spyOn(IdempotencyStore.prototype, 'find').mockResolvedValueOnce(null);
    expect(await place.execute(given)).toEqual({ ...first, replayed: true });
  });

  it('with the key of another one is refused', async () => {
    const { place } = await orders.commands(topology().redisCache.url);
    const given = request();
    await place.execute(given);
    const other = place.execute({ ...given, body: { ...given.body, shippingAddress: 'There' } });
    await expect(other).rejects.toBeInstanceOf(IdempotencyKeyReusedError);
  });

  it('whose key another one holds for too long is told so', async () => {
    const { place } = await orders.commands(topology().redisCache.url);
    const lockTimeout = Object.assign(new Error('Lock wait timeout exceeded'), { errno: 1205 });
    vi.spyOn(IdempotencyStore.prototype, 'remember').mockRejectedValueOnce(lockTimeout);
    await expect(place.execute(request())).rejects.toBeInstanceOf(IdempotencyInProgressError);
  });
});

describe('the items of an order', () => {
  it('stand as they stood in the request, in the answer to it and whenever it is read', async () => {
    const { place, reader } = await orders.commands(topology().redisCache.url);
    const items = ['30', '4', '100', '5'].map((productId, index) => ({ productId, quantity: index + 1 }));
    const given = request();
    const { orderId, responseBody } = await place.execute({ ...given, body: { ...given.body, items } });
    const { items: placed, total, ...rest } = JSON.parse(responseBody) as OrderView;
    expect(placed).toEqual(items.map((item) => ({ ...item, unitPrice: { amount: 100, currency: 'GBP' } })));
    expect(total).toEqual({ amount: 1_000, currency: 'GBP' });
    expect(rest).not.toHaveProperty('version');
    expect(await reader.find(orderId)).toMatchObject({ items: placed, total });
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
