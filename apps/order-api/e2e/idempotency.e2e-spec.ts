import { randomUUID } from 'node:crypto';
import { type OrderBody, type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: Platform;

beforeAll(async () => {
  platform = await sharedPlatform();
});
afterAll(() => platform?.stop());

describe('Idempotency-Key', () => {
  it('20 parallel identical calls make one order, and every answer is the same, byte for byte', async () => {
    const { shop, primary } = platform;
    const [userId, productId, key] = [await shop.user(), await shop.product(100), randomUUID()];

    const answers = await Promise.all(
      Array.from({ length: 20 }, () => shop.order(userId, [{ productId, quantity: 1 }], key)),
    );
    // A call that could not wait for the first says so, and may ask again.
    const settled = await Promise.all(
      answers.map((answer) =>
        answer.status === 409
          ? shop.order(userId, [{ productId, quantity: 1 }], key)
          : Promise.resolve(answer),
      ),
    );
    expect(answers.filter(({ status }) => status === 409).every(({ body }) => 'code' in body)).toBe(true);
    expect(new Set(settled.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(settled.map(({ text }) => text)).size).toBe(1);
    expect(settled.filter(({ headers }) => headers.get('idempotency-replayed') !== 'true')).toHaveLength(1);
    const [orders] = await primary.query<RowDataPacket[]>('SELECT id FROM orders WHERE user_id = ?', [
      userId,
    ]);
    expect(orders).toHaveLength(1);
  });

  it('with another body is refused, whatever the spelling of the first', async () => {
    const { shop, api } = platform;
    const [userId, productId, key] = [await shop.user(), await shop.product(100), randomUUID()];
    const first = await shop.order(userId, [{ productId, quantity: 1 }], key);

    const respelled = await api.call('POST', '/orders', {
      rawBody: `{ "shippingAddress": ${JSON.stringify('12 St James’s Square, London')},
                  "items": [{ "quantity": 1, "productId": "${productId}" }], "userId": "${userId}" }`,
      headers: { 'idempotency-key': key },
    });
    expect(respelled.text).toBe(first.text);
    expect(respelled.headers.get('idempotency-replayed')).toBe('true');

    const other = await shop.order(userId, [{ productId, quantity: 2 }], key);
    expect(other.status).toBe(422);
    expect(other.body).toMatchObject({ code: 'idempotency-key-reused' });
  });

  it('is 409 while the first request is still at it, and free when that one fails', async () => {
    const { shop, primary } = platform;
    const [userId, productId, key] = [await shop.user(), await shop.product(5), randomUUID()];
    const place = () => shop.order(userId, [{ productId, quantity: 1 }], key);
    const first = await primary.getConnection();
    try {
      await first.beginTransaction();
      await first.query(
        `INSERT INTO idempotency_keys (caller, route, idempotency_key, request_hash, order_id, response_body)
         VALUES ('operator:e2e', 'POST /v1/orders', ?, REPEAT('x', 32), 1, '{}')`,
        [key],
      );
      const second = await place();
      expect([second.status, second.headers.get('retry-after')]).toEqual([409, '1']);
      expect(second.body).toMatchObject({ code: 'idempotency-in-progress' });
    } finally {
      await first.rollback();
      first.release();
    }
    expect((await place()).status).toBe(201);
    const [orders] = await primary.query<RowDataPacket[]>('SELECT id FROM orders WHERE user_id = ?', [
      userId,
    ]);
    expect(orders).toHaveLength(1);
  });

  it('belongs to its caller: another’s same key is another order', async () => {
    const { shop, api } = platform;
    const [ada, bob, productId, key] = [
      await shop.user(),
      await shop.user(),
      await shop.product(9),
      randomUUID(),
    ];
    const orders = await Promise.all(
      [ada, bob].map(async (userId) =>
        api
          .as(await platform.customerToken(userId))
          .post<OrderBody>(
            '/orders',
            { userId, items: [{ productId, quantity: 1 }], shippingAddress: 'Here' },
            { 'idempotency-key': key },
          ),
      ),
    );
    expect(orders.map(({ status }) => status)).toEqual([201, 201]);
    expect(orders[0]!.body.id).not.toBe(orders[1]!.body.id);
  });
});
