import { inTransaction } from '@fourfold/db-routing';
import { gate } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OrdersDatabase } from '../testing/orders-database.js';
import { IdempotencyStore, type IdempotentRequest } from './idempotency.store.js';

const CALLS = 5;
const store = new IdempotencyStore();
let orders: OrdersDatabase;

beforeAll(async () => {
  orders = await OrdersDatabase.start();
});
afterAll(() => orders?.close());

const requestOf = (key: string): IdempotentRequest => ({
  caller: 'customer:7',
  route: 'POST /v1/orders',
  key,
  body: { userId: '7' },
});

/** Calls with one key that have all found it unused before any of them writes. */
async function callsWithOneKey(key: string, write: (request: IdempotentRequest) => Promise<void>) {
  const request = requestOf(key);
  const everyoneLooked = gate();
  let looked = 0;
  return Promise.allSettled(
    Array.from({ length: CALLS }, async () => {
      expect(await store.find(orders.dataSource.manager, request)).toBeNull();
      looked += 1;
      if (looked === CALLS) everyoneLooked.open();
      await everyoneLooked.passed;
      await write(request);
    }),
  );
}

describe('calls with one Idempotency-Key at once', () => {
  it('naive twin: looking first and ordering then makes an order for each', async () => {
    const made: string[] = [];
    await callsWithOneKey('naive', async () => void made.push(await orders.order(1)));
    expect(made).toHaveLength(CALLS);
  });

  it('the key in the order’s transaction lets one through, and the others find its answer', async () => {
    const committed: string[] = [];
    const outcomes = await callsWithOneKey('fenced', async (request) => {
      const orderId = orders.nextId();
      const own = await inTransaction(orders.dataSource, (manager) =>
        store.remember(manager, [{ request, orderId, responseBody: `{"id":"${orderId}"}` }]),
      );
      committed.push(...own);
    });
    expect(outcomes.map(({ status }) => status)).toEqual(Array(CALLS).fill('fulfilled'));
    expect(committed).toHaveLength(1);
    expect(await store.find(orders.dataSource.manager, requestOf('fenced'))).toEqual({
      orderId: committed[0],
      responseBody: `{"id":"${committed[0]}"}`,
      sameRequest: true,
    });
  });

  it('of many at once, those that are used already are left out, and the others are remembered', async () => {
    const { manager } = orders.dataSource;
    const answered = (key: string, orderId: string) => ({
      request: requestOf(key),
      orderId,
      responseBody: orderId,
    });
    await store.remember(manager, [answered('b', '11'), answered('d', '12')]);
    const all = ['e', 'd', 'c', 'b', 'a'].map((key, index) => answered(key, String(20 + index)));
    expect([...(await store.remember(manager, all))].sort()).toEqual(['20', '22', '24']);
    expect(await store.find(manager, requestOf('b'))).toMatchObject({ orderId: '11', responseBody: '11' });
    expect(await store.find(manager, requestOf('a'))).toMatchObject({ orderId: '24', responseBody: '24' });
  });

  it('finds the answer of the same request alone, whatever the order of its body’s keys', async () => {
    const { manager } = orders.dataSource;
    await store.remember(manager, [{ request: requestOf('Key'), orderId: '1', responseBody: '{}' }]);
    expect(await store.find(manager, requestOf('key'))).toBeNull();
    for (const another of [{ caller: 'customer:8' }, { caller: 'operator:7' }, { route: 'POST /v1/other' }])
      expect(await store.find(manager, { ...requestOf('Key'), ...another })).toBeNull();
    const other = { ...requestOf('Key'), body: { userId: '8' } };
    expect(await store.find(manager, other)).toMatchObject({ sameRequest: false });
    const body = { userId: '7', note: '' };
    await store.remember(manager, [
      { request: { ...requestOf('two'), body }, orderId: '2', responseBody: '{}' },
    ]);
    const turned = { ...requestOf('two'), body: { note: '', userId: '7' } };
    expect(await store.find(manager, turned)).toMatchObject({ sameRequest: true });
  });
});
