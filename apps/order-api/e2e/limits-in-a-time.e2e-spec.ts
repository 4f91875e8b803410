import { randomUUID } from 'node:crypto';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, expect, it } from 'vitest';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({
    name: 'limits-in-a-time',
    workers: 0,
    apiEnv: {
      ORDERS_MOST_PER_CUSTOMER_HOUR: '1',
      RATE_MOST_PER_ADDRESS_MINUTE: '2',
      TRUSTED_PROXIES: '127.0.0.0/8',
    },
  });
});
afterAll(() => platform?.stop());

it('a customer beyond the quota has the answer to an order that was placed, and no other one', async () => {
  const [userId, productId] = [await platform.shop.user(), await platform.shop.product(5, 100)];
  const customer = platform.api.as(await platform.customerToken(userId));
  const place = async (quantity: number, key: string = randomUUID()) => {
    const body = { userId, items: [{ productId, quantity }], shippingAddress: 'Here' };
    const { status, text } = await customer.post('/orders', body, { 'idempotency-key': key });
    return { status, text };
  };
  const key = randomUUID();
  expect((await place(6)).status).toBe(409);
  const placed = await place(1, key);
  expect(placed.status).toBe(201);
  expect((await place(1)).status).toBe(429);
  expect(await place(1, key)).toEqual(placed);
});

it('a client without good tokens is refused by the address that the gateway says it has', async () => {
  const statusFor = async (forwarded: string) =>
    (
      await platform.api.call('GET', '/products', {
        token: null,
        headers: { 'x-forwarded-for': forwarded },
      })
    ).status;
  for (let nth = 0; nth < 2; nth += 1) expect(await statusFor('2001:db8::1')).toBe(401);
  expect(await statusFor('2001:db8::2')).toBe(429);
  expect(await statusFor('192.0.2.1')).toBe(401);
});

it('what an operator did is recorded with the client’s address', async () => {
  const name = randomUUID();
  const headers = { 'x-forwarded-for': '192.0.2.7' };
  const { id } = (
    await platform.api.call('POST', '/users', { body: { name, email: `${name}@example.com` }, headers })
  ).body as { id: string };
  expect(id).toBeDefined();
  const [rows] = await platform.primary.query(
    "SELECT 1 FROM operator_actions WHERE address = '192.0.2.7' AND action = 'POST /v1/users'",
  );
  expect(rows).toHaveLength(1);
});
