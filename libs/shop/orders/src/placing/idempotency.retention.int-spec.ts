import { randomUUID } from 'node:crypto';
import { sequence, topology } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { OrdersDatabase } from '../testing/orders-database.js';
import { DELETE_KEYS, IdempotencyRetention } from './idempotency.retention.js';
import { IdempotencyStore } from './idempotency.store.js';

let orders: OrdersDatabase;
let retention: IdempotencyRetention;

beforeAll(async () => {
  orders = await OrdersDatabase.start();
  retention = new IdempotencyRetention(orders.dataSource, 86_400);
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => orders?.close());

const request = () => ({
  caller: 'customer:7',
  route: 'POST /v1/orders',
  key: randomUUID(),
  body: { userId: '7', items: [{ productId: '1', quantity: 1 }], shippingAddress: 'Here' },
});

const age = (key: string, hours: number) =>
  orders.dataSource.query(
    'UPDATE idempotency_keys SET created_at = NOW(3) - INTERVAL ? SECOND WHERE idempotency_key = ?',
    [hours * 3_600, key],
  );

it('a key has its answer, byte for byte, for 24 hours, and is a new one after them', async () => {
  const { place } = await orders.commands(topology().redisCache.url);
  const given = request();
  const first = await place.execute(given);
  await age(given.key, 23.9);
  await retention.clean();
  expect(await place.execute(given)).toEqual({ ...first, replayed: true });
  await age(given.key, 24.1);
  await retention.clean();
  const second = await place.execute(given);
  expect(second).toMatchObject({ replayed: false });
  expect(second.orderId).not.toBe(first.orderId);
  expect(await place.execute(given)).toEqual({ ...second, replayed: true });
});

it('a key that is deleted just when its answer is looked for is a new one', async () => {
  const { place } = await orders.commands(topology().redisCache.url);
  const given = request();
  const first = await place.execute(given);
  await age(given.key, 25);
  const find = vi.spyOn(IdempotencyStore.prototype, 'find');
  find.mockImplementationOnce(async () => {
    expect(await retention.clean()).toBe(1);
    return null;
  });
  const second = await place.execute(given);
  expect(second).toMatchObject({ replayed: false });
  expect(second.orderId).not.toBe(first.orderId);
  expect(await orders.statusOf(second.orderId)).toBe('pending');
});

it('a batch finds its rows by the primary key, all three columns of it', async () => {
  await orders.dataSource.query(
    `INSERT INTO idempotency_keys (caller, route, idempotency_key, request_hash, order_id, response_body)
     SELECT CONCAT('customer:', seq % 9), 'POST /v1/orders', seq, '', seq, '{}' FROM ${sequence(5_000)}`,
  );
  const keys = Array.from({ length: 500 }, (_, nth) => [
    `customer:${nth % 9}`,
    'POST /v1/orders',
    String(nth),
  ]);
  const plan = await orders.dataSource.query<object[]>(`EXPLAIN ${DELETE_KEYS}`, [keys]);
  expect(plan).toMatchObject([
    { type: 'range', key: 'PRIMARY', rows: expect.toSatisfy((rows) => Number(rows) <= 500) },
  ]);
});
