import { gate, topology } from '@fourfold-tools/testing';
import { EntityManager } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { OrdersDatabase } from '../testing/orders-database.js';

/** Nothing listens there. */
const NO_REDIS = 'redis://127.0.0.1:1';

let orders: OrdersDatabase;

beforeAll(async () => {
  orders = await OrdersDatabase.start();
});
afterAll(() => orders?.close());
beforeEach(() => orders.dataSource.query('UPDATE shelf SET units = 100'));
afterEach(() => void vi.restoreAllMocks());

const pending = (count: number) => Promise.all(Array.from({ length: count }, () => orders.order(1)));
const statuses = (ids: readonly string[]) => Promise.all(ids.map((id) => orders.statusOf(id)));
const all = <T>(ids: readonly string[], value: T) => ids.map(() => value);
const owedOf = async (id: string): Promise<unknown> => {
  const sql = 'SELECT payload FROM outbox WHERE msg_id = ?';
  const [row] = await orders.dataSource.query<{ payload: unknown }[]>(sql, [`order-settled:${id}:cache`]);
  return typeof row?.payload === 'string' ? JSON.parse(row.payload) : row?.payload;
};

describe('orders that are settled together', () => {
  it('share a transaction, and each has its own outcome and its e-mail', async () => {
    const { settle } = await orders.commands(topology().redisCache.url);
    const ids = await pending(20);
    const sent = vi.spyOn(EntityManager.prototype, 'query');
    await Promise.all(ids.map((id) => settle.execute(id, `placed:${id}`)));
    const locks = sent.mock.calls.filter(([sql]) => /FROM orders .*FOR UPDATE/s.test(sql));
    // One begins at once, with one order; the other nineteen wait for it.
    expect(locks).toHaveLength(2);
    expect(await statuses(ids)).toEqual(all(ids, 'confirmed'));
    expect(await orders.shelfUnits()).toBe(80);
    for (const id of ids) expect(await orders.outcomeEmailOf(id)).toMatchObject({ orderId: id });
  });

  it('and want more than there is: those that were placed first have it, in whatever order they come', async () => {
    const { settle } = await orders.commands(topology().redisCache.url);
    await orders.dataSource.query('UPDATE shelf SET units = 3');
    const ids = await pending(8);
    const oldestFirst = ids.toSorted();
    const settlements = await settle.inOne(oldestFirst.toReversed());
    expect(settlements.map(({ outcome }) => outcome).toReversed()).toEqual([
      ...all(oldestFirst.slice(0, 3), 'confirmed'),
      ...all(oldestFirst.slice(3), 'rejected'),
    ]);
    expect(await statuses(oldestFirst)).toEqual([
      ...all(oldestFirst.slice(0, 3), 'confirmed'),
      ...all(oldestFirst.slice(3), 'rejected'),
    ]);
    expect(await orders.row(oldestFirst[7]!)).toMatchObject({ rejectionReason: 'out_of_stock', version: 2 });
    expect(await orders.row(oldestFirst[0]!)).toMatchObject({ rejectionReason: null, version: 2 });
    expect(await orders.shelfUnits()).toBe(0);
  });

  it('one of which was cancelled meanwhile: that one takes nothing, and the others are confirmed', async () => {
    const { settle, cancel } = await orders.commands(topology().redisCache.url);
    const ids = await pending(10);
    await cancel.execute(ids[4]!);
    await Promise.all(ids.map((id) => settle.execute(id, `placed:${id}`)));
    expect(await statuses(ids)).toEqual(ids.map((_, at) => (at === 4 ? 'cancelled' : 'confirmed')));
    expect(await orders.shelfUnits()).toBe(91);
  });

  it('one of which does not exist: its message fails alone, and says so', async () => {
    const { settle } = await orders.commands(topology().redisCache.url);
    const ids = [...(await pending(10)), '404'];
    const outcomes = await Promise.allSettled(ids.map((id) => settle.execute(id, `placed:${id}`)));
    expect(outcomes.slice(0, 10).map(({ status }) => status)).toEqual(all(ids.slice(1), 'fulfilled'));
    expect(outcomes[10]).toMatchObject({
      reason: { message: 'Order 404 does not exist, but a message says that it was placed' },
    });
    expect(await orders.shelfUnits()).toBe(90);
  });

  it('and whose commit’s answer is lost are settled once, and nothing is taken twice', async () => {
    const { settle } = await orders.commands(topology().redisCache.url);
    const ids = await pending(10);
    const lost = Object.assign(new Error('Connection lost'), { code: 'PROTOCOL_CONNECTION_LOST' });
    const transaction = orders.dataSource.transaction.bind(orders.dataSource) as (
      work: unknown,
    ) => Promise<unknown>;
    const spied = vi.spyOn(orders.dataSource, 'transaction');
    // The third is the one that the eight share.
    for (const losesAnswer of [false, false, true])
      spied.mockImplementationOnce(async (work: unknown) => {
        const result = await transaction(work);
        if (losesAnswer) throw lost;
        return result;
      });
    await Promise.all(ids.map((id) => settle.execute(id, `placed:${id}`)));
    expect(await statuses(ids)).toEqual(all(ids, 'confirmed'));
    expect(await orders.shelfUnits()).toBe(90);
    for (const id of ids) expect(await orders.messagesAbout(id)).toContain(`outcome-email:${id}`);
    expect((await orders.countedLater()).filter((id) => ids.includes(id)).sort()).toEqual(ids.toSorted());
    expect((await orders.eventsOf(ids)).sort()).toEqual(ids.map((id) => `confirmed ${id}`).sort());
  });

  it('while one of them is being cancelled wait for it, and settle the others', async () => {
    const { settle } = await orders.commands(topology().redisCache.url);
    const ids = await pending(6);
    const [locked, mayEnd] = [gate(), gate()];
    const cancelling = orders.dataSource.transaction(async (manager) => {
      await manager.query("UPDATE orders SET status = 'cancelled' WHERE id = ?", [ids[3]]);
      locked.open();
      await mayEnd.passed;
    });
    await locked.passed;
    const settled = settle.inOne(ids);
    mayEnd.open();
    await Promise.all([cancelling, settled]);
    expect(await statuses(ids)).toEqual(ids.map((_, at) => (at === 3 ? 'cancelled' : 'confirmed')));
    expect(await orders.shelfUnits()).toBe(95);
  });
});

describe('caches that can’t be told', () => {
  it('are owed each order and its products once, by the delivery that finds them settled too', async () => {
    const { settle } = await orders.commands(NO_REDIS);
    const ids = await pending(4);
    await settle.inOne(ids); // by a process that died after its commit
    await settle.execute(ids[0]!, `placed:${ids[0]}`);
    await Promise.all(ids.map((id) => settle.execute(id, `placed-again:${id}`)));
    for (const id of ids) expect(await owedOf(id)).toMatchObject({ order: [id] });
    const again = await orders.commands(NO_REDIS);
    await orders.dataSource.query("DELETE FROM outbox WHERE msg_id LIKE 'order-settled:%'");
    await Promise.all(ids.map((id) => again.settle.execute(id, `placed-again:${id}`)));
    for (const id of ids) expect(await owedOf(id)).toEqual({ order: [id], stock: ['1'] });
  });
});
