import { gate, topology } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import { EntityManager } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { OrderNotCancellableError, OrderNotFoundError } from '../orders.errors.js';
import { OrdersDatabase } from '../testing/orders-database.js';

/** Nothing listens there. */
const NO_REDIS = 'redis://127.0.0.1:1';

let orders: OrdersDatabase;

beforeAll(async () => {
  orders = await OrdersDatabase.start();
});
afterAll(() => orders?.close());

/** By the figure, which is there before the first of them. */
async function settledCounted(outcome: 'confirmed' | 'rejected'): Promise<number> {
  const text = await register.getSingleMetricAsString('order_settle_seconds');
  return Number(
    new RegExp(`^order_settle_seconds_count\\{outcome="${outcome}"\\} (\\d+)$`, 'm').exec(text)![1],
  );
}

describe('settling an order', () => {
  it('happens once, however often and however much at once its message comes', async () => {
    const { settle } = await orders.commands(topology().redisCache.url);
    const [id, before] = [await orders.order(3), await orders.shelfUnits()];
    const counted = await settledCounted('confirmed');
    await Promise.all(Array.from({ length: 10 }, () => settle.execute(id, `placed:${id}`)));
    expect(await settledCounted('confirmed')).toBe(counted + 1);
    expect(await orders.statusOf(id)).toBe('confirmed');
    expect(await orders.shelfUnits()).toBe(before - 3);
    expect(await orders.messagesAbout(id)).toEqual([
      `order-events:settled:${id}`,
      `outcome-email:${id}`,
      `recommendations:${id}`,
    ]);
  });

  it('has the order counted for recommendations 5 s later, on the full second, by a message of the same statement as its e-mail', async () => {
    const { settle } = await orders.commands(topology().redisCache.url);
    const id = await orders.order(1);
    const sent = vi.spyOn(EntityManager.prototype, 'query');
    await settle.execute(id, `placed:${id}`);
    expect(sent.mock.calls.filter(([sql]) => sql.includes('INSERT INTO outbox'))).toHaveLength(1);
    sent.mockRestore();
    const sql = `SELECT TIMESTAMPDIFF(MICROSECOND, email.run_at, basket.run_at) / 1e6 AS seconds, basket.payload,
        MICROSECOND(basket.run_at) AS millis
      FROM outbox AS email JOIN outbox AS basket ON basket.msg_id = ? WHERE email.msg_id = ?`;
    const [row] = await orders.dataSource.query<{ seconds: string; millis: string; payload: unknown }[]>(
      sql,
      [`recommendations:${id}`, `outcome-email:${id}`],
    );
    // The clock of this process and that of the server may differ a little.
    expect(Math.abs(Number(row!.seconds) - 5.5)).toBeLessThan(1);
    expect(Number(row!.millis)).toBe(0);
    expect(typeof row!.payload === 'string' ? JSON.parse(row!.payload) : row!.payload).toEqual({
      orderIds: [id],
    });
  });

  it('leaves a message to drop the old values when the cache can’t be told, and only one', async () => {
    const { settle } = await orders.commands(NO_REDIS);
    const id = await orders.order(1);
    await settle.execute(id, `placed:${id}`);
    await settle.execute(id, `placed:${id}`);
    expect(await orders.messagesAbout(id)).toEqual([
      `order-events:settled:${id}`,
      `order-settled:${id}:cache`,
      `outcome-email:${id}`,
      `recommendations:${id}`,
    ]);
  });

  it('and cancelling it meanwhile: the cancellation waits, and gives back what was taken, once', async () => {
    const { settle, cancel, shelf } = await orders.commands(topology().redisCache.url);
    const [id, before] = [await orders.order(5), await orders.shelfUnits()];
    const [taking, mayTake] = [gate(), gate()];
    shelf.onTake = async () => {
      taking.open();
      await mayTake.passed;
    };
    const settled = settle.execute(id, `placed:${id}`);
    await taking.passed;
    const cancelled = cancel.execute(id); // meets the lock of the settling transaction
    mayTake.open();
    await Promise.all([settled, cancelled]);
    expect(await orders.statusOf(id)).toBe('cancelled');
    expect(await orders.shelfUnits()).toBe(before);
    // The order was confirmed first: that is the outcome its one e-mail tells.
    expect(await orders.messagesAbout(id)).toContain(`outcome-email:${id}`);
  });

  it('after it was cancelled takes nothing', async () => {
    const { settle, cancel } = await orders.commands(topology().redisCache.url);
    const [id, before] = [await orders.order(2), await orders.shelfUnits()];
    await cancel.execute(id);
    await settle.execute(id, `placed:${id}`);
    expect(await orders.statusOf(id)).toBe('cancelled');
    expect(await orders.shelfUnits()).toBe(before);
    expect(await orders.eventsOf([id])).toEqual([`cancelled ${id}`]);
  });
});

describe('an order of more than there is', () => {
  it('is rejected and says why, takes nothing, and can’t be cancelled', async () => {
    const { settle, cancel } = await orders.commands(topology().redisCache.url);
    const [id, before] = [await orders.order(100_000), await orders.shelfUnits()];
    const counted = await settledCounted('rejected');
    await settle.execute(id, `placed:${id}`);
    const rejected = { status: 'rejected', rejectionReason: 'out_of_stock', version: 2 };
    expect(await orders.row(id)).toMatchObject(rejected);
    expect(await settledCounted('rejected')).toBe(counted + 1);
    await expect(cancel.execute(id)).rejects.toBeInstanceOf(OrderNotCancellableError);
    expect(await orders.row(id)).toMatchObject(rejected);
    expect(await orders.shelfUnits()).toBe(before);
    expect(await orders.messagesAbout(id)).toEqual([`order-events:settled:${id}`, `outcome-email:${id}`]);
    expect(await orders.outcomeEmailOf(id)).toEqual({
      outcome: 'rejected',
      orderId: id,
      userId: '7',
      total: { amount: 100, currency: 'GBP' },
    });
  });
});

describe('an order that is cancelled', () => {
  it('gives back what it took once, however often it is cancelled, and is a version on', async () => {
    const { settle, cancel } = await orders.commands(topology().redisCache.url);
    const [id, before] = [await orders.order(4), await orders.shelfUnits()];
    await settle.execute(id, `placed:${id}`);
    expect(await orders.row(id)).toMatchObject({ status: 'confirmed', rejectionReason: null, version: 2 });
    await cancel.execute(id);
    await cancel.execute(id);
    expect(await orders.row(id)).toMatchObject({ status: 'cancelled', version: 3 });
    expect(await orders.shelfUnits()).toBe(before);
    expect(await orders.outcomeEmailOf(id)).toMatchObject({ outcome: 'confirmed' });
  });

  it('before it is settled took nothing, and its e-mail says that it is cancelled', async () => {
    const { cancel } = await orders.commands(topology().redisCache.url);
    const [id, before] = [await orders.order(4), await orders.shelfUnits()];
    await cancel.execute(id);
    await cancel.execute(id);
    expect(await orders.shelfUnits()).toBe(before);
    expect(await orders.outcomeEmailOf(id)).toMatchObject({ outcome: 'cancelled' });
  });

  it('has to exist', async () => {
    const { cancel } = await orders.commands(topology().redisCache.url);
    await expect(cancel.execute('404')).rejects.toBeInstanceOf(OrderNotFoundError);
  });
});
