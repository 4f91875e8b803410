import { randomUUID } from 'node:crypto';
import { eventually } from '@fourfold-tools/testing';
import { ApiCaller, type OrderBody, type Platform, startPlatform } from '@fourfold-tools/e2e';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform({ name: 'order', apis: 2 });
});
afterAll(() => platform?.stop());

describe('the way of one order', () => {
  it('is pending at once, confirmed a moment later, mailed, and on the user’s shard', async () => {
    const { shop, api, shards } = platform;
    const [userId, productId] = [await shop.user(), await shop.product(10, 450)];

    const placed = await shop.order(userId, [{ productId, quantity: 3 }]);
    expect(placed.status).toBe(201);
    expect(placed.headers.get('location')).toBe(`/v1/orders/${placed.body.id}`);
    expect(placed.body).toMatchObject({
      userId,
      status: 'pending',
      items: [{ productId, quantity: 3, unitPrice: { amount: 450, currency: 'GBP' } }],
      total: { amount: 1_350, currency: 'GBP' },
      shippingAddress: '12 St James’s Square, London',
    });

    expect(await shop.settled(placed.body.id)).toMatchObject({ status: 'confirmed' });
    expect(await shop.stockOf(productId)).toBe(7);

    const mails = await platform.mailsAbout(placed.body.id);
    expect(mails).toHaveLength(1);
    expect(mails[0]).toMatchObject({ subject: `Order ${placed.body.id} confirmed` });
    expect(mails[0]!.text).toContain('£13.50');

    const holders = await Promise.all(
      Object.entries(shards).map(async ([name, pool]) => {
        const [orders] = await pool.query<RowDataPacket[]>(
          'SELECT user_id FROM user_orders WHERE order_id = ?',
          [placed.body.id],
        );
        const [users] = await pool.query<RowDataPacket[]>('SELECT id FROM users WHERE id = ?', [userId]);
        return { name, orders: orders.length, users: users.length };
      }),
    );
    expect(holders.filter(({ orders }) => orders > 0)).toEqual([
      { name: holders.find(({ users }) => users > 0)?.name, orders: 1, users: 1 },
    ]);
    const listed = await api.get(`/users/${userId}/orders`);
    expect(listed.body.items.map(({ id, status }) => ({ id, status }))).toEqual([
      { id: placed.body.id, status: 'confirmed' },
    ]);
  });

  it('is in its user’s index before it is answered, and has no job for that', async () => {
    const { shop, api, primary } = platform;
    const [userId, productId] = [await shop.user(), await shop.product(1_000)];
    // Of an order whose shard took long on a busy machine the queue takes care.
    const isPromptly = async (): Promise<boolean> => {
      const { body } = await shop.order(userId, [{ productId, quantity: 1 }]);
      const listed = await api.get<{ items: OrderBody[] }>(`/users/${userId}/orders`);
      if (!listed.body.items.some(({ id }) => id === body.id)) return false;
      const ids = [`order-placed:${body.id}`, `order-index:${body.id}`];
      const left = async (): Promise<unknown[]> => {
        const [rows] = await primary.query<RowDataPacket[]>('SELECT queue FROM outbox WHERE msg_id IN (?)', [
          ids,
        ]);
        return rows;
      };
      await eventually(async () => (await left()).length < 2);
      expect(await left()).toEqual([{ queue: 'inventory' }]);
      return true;
    };
    await platform.withoutWorker(() => eventually(isPromptly, { deadlineMs: 30_000 }));
  });

  it('ends as rejected, with nothing taken, when the stock was gone by the time it was its turn', async () => {
    const { shop } = platform;
    const productId = await shop.product(1);
    const buyers = [await shop.user(), await shop.user()];

    const placed = await platform.withoutWorker(() =>
      Promise.all(buyers.map((userId) => shop.order(userId, [{ productId, quantity: 1 }]))),
    );
    expect(placed.map(({ status }) => status)).toEqual([201, 201]);

    const settled = await Promise.all(placed.map(({ body }) => shop.settled(body.id)));
    expect(settled.map(({ status }) => status).sort()).toEqual(['confirmed', 'rejected']);
    expect(settled.find(({ status }) => status === 'rejected')?.rejectionReason).toBe('out_of_stock');
    expect(await shop.stockOf(productId)).toBe(0);
  });

  it('takes every product of an order or none', async () => {
    const { shop, primary } = platform;
    const [plenty, scarce, userId] = [await shop.product(5), await shop.product(1), await shop.user()];
    const both = [plenty, scarce].map((productId) => ({ productId, quantity: 1 }));

    const placed = await platform.withoutWorker(() =>
      Promise.all([shop.order(userId, both), shop.order(userId, both)]),
    );
    const settled = await Promise.all(placed.map(({ body }) => shop.settled(body.id)));

    expect(settled.map(({ status }) => status).sort()).toEqual(['confirmed', 'rejected']);
    const [rows] = await primary.query<RowDataPacket[]>(
      'SELECT available FROM stock WHERE product_id IN (?)',
      [[plenty, scarce]],
    );
    expect(rows.map((row) => Number(row['available'])).sort()).toEqual([0, 4]);
  });

  it('is refused at once when there is clearly too little', async () => {
    const { shop } = platform;
    const answer = await shop.order(await shop.user(), [{ productId: await shop.product(2), quantity: 3 }]);
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code: 'insufficient-stock' });
  });

  it('is the same from every order-api process, as soon as it has changed', async () => {
    const { shop, baseUrls, api } = platform;
    const [userId, productId] = [await shop.user(), await shop.product(5)];
    const { body: order } = await shop.order(userId, [{ productId, quantity: 1 }]);
    await shop.settled(order.id);
    // A process that has asked before may hold the first answer for as long as a message takes.
    for (const url of baseUrls) {
      await eventually(async () => {
        const answer = await new ApiCaller(url, await platform.operatorToken()).get(`/orders/${order.id}`);
        return answer.body.status === 'confirmed';
      });
    }
    expect((await api.get(`/orders/${order.id}`)).headers.get('etag')).toBe('"2"');
  });
});

describe('an order of another customer', () => {
  it('is shown to, listed for, cancelled by and placed by its own customer alone', async () => {
    const { shop, api } = platform;
    const [ada, bob, productId] = [await shop.user(), await shop.user(), await shop.product(9)];
    const [owner, stranger] = [
      api.as(await platform.customerToken(ada)),
      api.as(await platform.customerToken(bob)),
    ];
    const place = (caller: ApiCaller, userId: string) =>
      caller.post(
        '/orders',
        { userId, items: [{ productId, quantity: 1 }], shippingAddress: 'Here' },
        { 'idempotency-key': randomUUID() },
      );
    const placed = await place(owner, ada);
    expect(placed.status).toBe(201);
    const { id } = placed.body;
    const status = (await shop.settled(id)).status;

    const answers = await Promise.all([
      stranger.get(`/orders/${id}`),
      stranger.post(`/orders/${id}/cancel`),
      stranger.get(`/users/${ada}/orders`),
      stranger.get(`/users/${ada}`),
      stranger.call('PATCH', `/users/${ada}`, { body: { name: 'Mallory' }, headers: { 'if-match': '*' } }),
      place(stranger, ada),
    ]);
    expect(answers.map(({ status: code, body }) => [code, (body as { code?: string }).code])).toEqual([
      [404, 'order-not-found'],
      [404, 'order-not-found'],
      ...Array<unknown>(4).fill([404, 'user-not-found']),
    ]);

    expect((await owner.get(`/orders/${id}`)).body).toMatchObject({ id, userId: ada, status });
    const listed = await owner.get(`/users/${ada}/orders`);
    expect(listed.body.items.map((order) => order.id)).toEqual([id]);
    expect((await owner.post(`/orders/${id}/cancel`)).body).toMatchObject({ id, status: 'cancelled' });
  });
});

it('with the key of a settled order still gives the first answer when the stock has gone meanwhile', async () => {
  const { shop, api } = platform;
  const [userId, productId, key] = [await shop.user(), await shop.product(1), randomUUID()];
  const first = await shop.order(userId, [{ productId, quantity: 1 }], key);
  await shop.settled(first.body.id);
  await api.call('PUT', `/products/${productId}/stock`, { body: { stock: 0 } });
  expect((await shop.order(userId, [{ productId, quantity: 1 }], key)).text).toBe(first.text);
});

describe('cancelling', () => {
  it('tells a stranger nothing: what exists and what does not costs the same', async () => {
    const { shop } = platform;
    const [userId, productId] = [await shop.user(), await shop.product(5)];
    const { body: order } = await shop.order(userId, [{ productId, quantity: 1 }]);
    await shop.settled(order.id);
    const stranger = platform.api.as(await platform.customerToken(await shop.user()));
    const statements = async (): Promise<Record<'reads' | 'writes', number>> => {
      const routes = (await platform.apis[0]!.metrics()).matchAll(
        /^db_route_total\{.*reason="([^"]+)".*\} (\d+)$/gm,
      );
      const counts = { reads: 0, writes: 0 };
      for (const [, reason, count] of routes)
        counts[reason === 'write' ? 'writes' : 'reads'] += Number(count);
      return counts;
    };
    const costOf = async (ids: string[]) => {
      const before = await statements();
      for (const id of ids) {
        const answer = await stranger.post(`/orders/${id}/cancel`);
        expect(answer.status).toBe(404);
        expect({ ...answer.body, requestId: '' }).toEqual({
          type: 'https://fourfold.example/errors#order-not-found',
          title: expect.any(String),
          status: 404,
          detail: expect.stringContaining(id),
          code: 'order-not-found',
          requestId: '',
        });
      }
      const { reads, writes } = await statements();
      return { reads: reads - before.reads, writes: writes - before.writes };
    };
    const others = Array.from({ length: 20 }, (_, index) => String(BigInt(order.id) - BigInt(index + 1)));
    const costOfOrder = await costOf(others.map(() => order.id));
    const costOfNone = await costOf(others);
    expect(costOfOrder.reads).toBe(costOfNone.reads);
    // The process itself asks by such routes as well, once in two seconds; requests would by 20 and more.
    for (const { writes } of [costOfOrder, costOfNone]) expect(writes).toBeLessThan(others.length);
  });

  it('gives the stock back exactly once, however often it is asked', async () => {
    const { shop, api } = platform;
    const [userId, productId] = [await shop.user(), await shop.product(5)];
    const { body: order } = await shop.order(userId, [{ productId, quantity: 2 }]);
    await shop.settled(order.id);
    expect(await shop.stockOf(productId)).toBe(3);

    const answers = await Promise.all(
      Array.from({ length: 5 }, () => api.post(`/orders/${order.id}/cancel`)),
    );
    expect(answers.map(({ status, body }) => [status, body.status])).toEqual(
      Array(5).fill([200, 'cancelled']),
    );
    expect(await shop.stockOf(productId)).toBe(5);
  });

  it('can’t be done to a rejected order', async () => {
    const { shop, api } = platform;
    const [userId, productId] = [await shop.user(), await shop.product(1)];
    const both = await platform.withoutWorker(() =>
      Promise.all([1, 2].map(() => shop.order(userId, [{ productId, quantity: 1 }]))),
    );
    const settled = await Promise.all(both.map(({ body }) => shop.settled(body.id)));
    const rejected = settled.find(({ status }) => status === 'rejected')!;

    const answer = await api.post(`/orders/${rejected.id}/cancel`);
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code: 'order-not-cancellable' });
  });

  it('of a pending order takes nothing later, and is its one outcome', async () => {
    const { shop, api } = platform;
    const [userId, productId] = [await shop.user(), await shop.product(5)];
    const order = await platform.withoutWorker(async () => {
      const { body } = await shop.order(userId, [{ productId, quantity: 2 }]);
      const cancelled = await api.post(`/orders/${body.id}/cancel`);
      expect(cancelled.body.status).toBe('cancelled');
      return body;
    });

    const mail = await platform.mailsAbout(order.id);
    expect(mail.map(({ subject }) => subject)).toEqual([`Order ${order.id} cancelled`]);
    await eventually(async () => {
      const [rows] = await platform.primary.query<RowDataPacket[]>(
        "SELECT state FROM outbox WHERE msg_id = ? AND state = 'done'",
        [`order-placed:${order.id}`],
      );
      return rows.length === 1;
    });
    expect(await shop.stockOf(productId)).toBe(5);
  });
});
