import { randomUUID } from 'node:crypto';
import { ManualClock } from '@fourfold/kernel';
import { InMemoryWorkerIdLease, SnowflakeIds } from '@fourfold/sharding';
import { topology } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import { EntityManager } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { OrderLines1764300000600 } from '../migrations/order-lines.migration.js';
import type { OrderView } from '../order.view.js';
import { IdempotencyInProgressError, IdempotencyKeyReusedError, UserNotFoundError } from '@shop/contracts';
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
  it('is found by one who was told a moment before that there is no such order', async () => {
    const { place, show } = await orders.commands(topology().redisCache.url);
    const id = orders.upcomingId();
    expect(await show(id)).toBeNull();
    expect((await place.execute(request())).orderId).toBe(id);
    expect(await show(id)).toMatchObject({ id, status: 'pending' });
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
    expect(await orders.messagesAbout(id)).toEqual([
      `order-events:placed:${id}`,
      `order-index:${id}`,
      `order-placed:${id}`,
    ]);
  });

  it('that is repeated while it could be placed as well has the answer of the first one', async () => {
    const { place } = await orders.commands(topology().redisCache.url);
    const given = request();
    expect(await place.isPlaced(given)).toBe(false);
    const first = await place.execute(given);
    expect(await place.execute(given)).toEqual({ ...first, replayed: true });
    expect(await place.isPlaced(given)).toBe(true);
    expect(await place.isPlaced({ ...given, caller: 'customer:8' })).toBe(false);
  });

  it('whose answer to the commit was lost is placed, and is no repetition', async () => {
    const { place } = await orders.commands(topology().redisCache.url);
    const given = request();
    const lost = Object.assign(new Error('Connection lost'), { code: 'PROTOCOL_CONNECTION_LOST' });
    const transaction = orders.dataSource.transaction.bind(orders.dataSource) as (
      work: unknown,
    ) => Promise<unknown>;
    vi.spyOn(orders.dataSource, 'transaction').mockImplementationOnce(async (work: unknown) => {
      await transaction(work);
      throw lost;
    });
    const { orderId, replayed } = await place.execute(given);
    expect(replayed).toBe(false);
    expect(await place.execute(given)).toMatchObject({ orderId, replayed: true });
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

describe('orders that come together', () => {
  it('share a transaction: four statements for all of them, and each has its own answer', async () => {
    const { place, show } = await orders.commands(topology().redisCache.url);
    const sent = vi.spyOn(EntityManager.prototype, 'query');
    const given = Array.from({ length: 20 }, request);
    const placed = await Promise.all(given.map((one) => place.execute(one)));
    const inserts = sent.mock.calls.filter(([sql]) => /^\s*INSERT/.test(sql));
    // One begins at once, with one order; the other nineteen wait for it.
    expect(inserts).toHaveLength(2 * 4);
    expect(new Set(placed.map(({ orderId }) => orderId)).size).toBe(20);
    for (const { orderId, responseBody } of placed) {
      expect(JSON.parse(responseBody)).toMatchObject({ id: orderId });
      expect(await show(orderId)).toMatchObject({
        id: orderId,
        items: [{ productId: '1', quantity: 1 }],
      });
      expect(await orders.messagesAbout(orderId)).toEqual(
        expect.arrayContaining([`order-index:${orderId}`, `order-placed:${orderId}`]),
      );
    }
    const ids = placed.map(({ orderId }) => orderId);
    expect((await orders.eventsOf(ids)).sort()).toEqual(ids.map((id) => `placed ${id}`).sort());
  });

  it('may have a key in common, or one that is used already: each is told what it would be told alone', async () => {
    const { place } = await orders.commands(topology().redisCache.url);
    const [used, twice] = [request(), request()];
    const first = await place.execute(used);
    const before = await acceptedCounted();
    const others = Array.from({ length: 10 }, request);
    const reused = { ...used, body: { ...used.body, shippingAddress: 'There' } };
    const outcomes = await Promise.allSettled(
      [...others, used, twice, twice, reused].map((one) => place.execute(one)),
    );
    const answers = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value : outcome.reason,
    );
    const [replay, one, other, refused] = answers.slice(10);
    expect(replay).toEqual({ ...first, replayed: true });
    expect([one.replayed, other.replayed].toSorted()).toEqual([false, true]);
    expect(one.orderId).toBe(other.orderId);
    expect(refused).toBeInstanceOf(IdempotencyKeyReusedError);
    expect(answers.slice(0, 10).every(({ replayed }) => replayed === false)).toBe(true);
    expect(await acceptedCounted()).toBe(before + 11);
  });
});

describe('the items of an order', () => {
  it('stand as they stood in the request, in the answer to it and whenever it is read', async () => {
    const { place, show } = await orders.commands(topology().redisCache.url);
    const items = ['30', '4', '100', '5'].map((productId, index) => ({ productId, quantity: index + 1 }));
    const given = request();
    const { orderId, responseBody } = await place.execute({ ...given, body: { ...given.body, items } });
    const { items: placed, total, ...rest } = JSON.parse(responseBody) as OrderView;
    expect(placed).toEqual(items.map((item) => ({ ...item, unitPrice: { amount: 100, currency: 'GBP' } })));
    expect(total).toEqual({ amount: 1_000, currency: 'GBP' });
    expect(rest).not.toHaveProperty('version');
    expect(await show(orderId)).toMatchObject({ items: placed, total });
  });

  it('are taken from a release that does not know their places, and the migration can be repeated', async () => {
    const { show } = await orders.commands(topology().redisCache.url);
    const id = await orders.orderOf(['30', '4', '100']);
    await orders.dataSource.query(
      'INSERT INTO order_items (order_id, product_id, quantity, unit_price_minor) VALUES (?, 5, 1, 100)',
      [id],
    );
    expect((await show(id))?.items.map(({ productId }) => productId)).toEqual(['4', '5', '30', '100']);
    const runner = orders.dataSource.createQueryRunner();
    await new OrderLines1764300000600().up(runner);
    await runner.release();
  });
});

describe('a process that was frozen until its ids had run out', () => {
  it('places an order as soon as it has new ones', async () => {
    const clock = new ManualClock(Date.now());
    const ids = await SnowflakeIds.start(new InMemoryWorkerIdLease(), { clock });
    const { place, show } = await orders.commands(topology().redisCache.url, ids);
    clock.advance(3_600_000);
    const { orderId } = await place.execute(request());
    expect(await show(orderId)).toMatchObject({ id: orderId, status: 'pending' });
    await ids.onApplicationShutdown();
  });
});
