import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import type { RowDataPacket } from 'mysql2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

type Funnel = Record<'placed' | 'confirmed' | 'rejected' | 'cancelled', number>;

const ORDERS = 60;
const UNITS = 40;

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ name: 'analytics', workers: 2 });
});
afterAll(() => platform?.stop());

const ask = (query = '') => platform.api.get(`/admin/funnel?${query}`);

/** Over all hours. */
async function funnel(): Promise<Funnel> {
  const { body } = await ask();
  const total: Funnel = { placed: 0, confirmed: 0, rejected: 0, cancelled: 0 };
  for (const hour of body.items)
    for (const event of Object.keys(total) as (keyof Funnel)[]) total[event] += hour[event];
  return total;
}

async function ordersBy(status: string): Promise<number> {
  const [[row]] = await platform.primary.query<RowDataPacket[]>(
    'SELECT COUNT(*) AS orders FROM orders WHERE status = ?',
    [status],
  );
  return Number(row!['orders']);
}

describe('the funnel', () => {
  it('has what became of each order, once, also where a worker was killed in between', async () => {
    const [user, product] = [await platform.shop.user(), await platform.shop.product(UNITS)];
    const item = { productId: product, quantity: 1 };
    const placed: string[] = [];
    // Stands still until all are accepted: what is sold out would be refused at the door else.
    await platform.withoutWorker(async () => {
      const answers = await Promise.all(
        Array.from({ length: ORDERS }, () => platform.shop.order(user, [item])),
      );
      placed.push(...answers.map(({ body }) => body.id));
    });
    await eventually(async () => (await ordersBy('confirmed')) > 0);
    await platform.worker.kill();
    await eventually(async () => (await ordersBy('pending')) === 0, { deadlineMs: 60_000 });
    for (const id of placed.slice(0, 5)) await platform.api.post(`/orders/${id}/cancel`);
    const [confirmed, rejected, cancelled] = await Promise.all(
      ['confirmed', 'rejected', 'cancelled'].map(ordersBy),
    );
    expect([confirmed! + cancelled!, rejected]).toEqual([UNITS, ORDERS - UNITS]);
    const whole = { placed: ORDERS, confirmed: UNITS, rejected, cancelled };
    await eventually(async () => expect(await funnel()).toEqual(whole), { deadlineMs: 60_000 });
    const [open] = await platform.primary.query<RowDataPacket[]>(
      "SELECT msg_id FROM outbox WHERE queue = 'analytics' AND state <> 'done'",
    );
    expect(open).toEqual([]);
  });

  it('takes fewer messages than there were orders: those of a transaction share one', async () => {
    const [[row]] = await platform.primary.query<RowDataPacket[]>(
      "SELECT COUNT(*) AS messages FROM outbox WHERE queue = 'analytics'",
    );
    expect(Number(row!['messages'])).toBeLessThan(ORDERS);
  });

  it.each([
    ['from after to', 'from=2026-11-29T09:00:00Z&to=2026-11-29T08:00:00Z', 'to'],
    ['ten years', 'from=2016-11-29T09:00:00Z&to=2026-11-29T09:00:00Z', 'to'],
    ['what is no time', 'from=yesterday', 'from'],
    ['half an hour', 'to=2026-11-29T08:30:00Z', 'to'],
  ])('of %s is refused, and told why', async (_title, query, path) => {
    const { status, body } = await ask(query);
    expect([status, body]).toMatchObject([400, { errors: [{ path }] }]);
  });

  it('is for operators', async () => {
    const customer = platform.api.as(await platform.customerToken('1'));
    expect(await customer.get('/admin/funnel')).toMatchObject({ status: 403 });
  });
});
