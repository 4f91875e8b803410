import { randomUUID } from 'node:crypto';
import { type ApiCaller, type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// A product that is sold out by many at once: `apps/worker/e2e/flash-sale.e2e-spec.ts`; stock that comes back once:
// `../place-order.e2e-spec.ts`; how many requests a caller may have in hand: `src/http/caller.limit.spec.ts`.

let platform: Platform;
let userId: string;
let productId: string;
let customer: ApiCaller;

beforeAll(async () => {
  platform = await sharedPlatform();
  [userId, productId] = [await platform.shop.user(), await platform.shop.product(50, 2_000)];
  customer = platform.api.as(await platform.customerToken(userId));
});
afterAll(() => platform?.stop());

const place = (changes: object = {}, key: string = randomUUID()) => {
  const body = { userId, items: [{ productId, quantity: 1 }], shippingAddress: 'Here', ...changes };
  return customer.post('/orders', body, {
    'idempotency-key': key,
  });
};

describe('buying', () => {
  it('costs what the catalogue says, and not what the request says', async () => {
    expect((await place()).body.total).toEqual({ amount: 2_000, currency: 'GBP' });
    for (const quantity of [-1, 0, 0.01, 2 ** 31, 2 ** 53, '1'])
      expect((await place({ items: [{ productId, quantity }] })).status, String(quantity)).toBe(400);
  });

  it('comes to no sum that is beyond what is counted with', async () => {
    const dear = await platform.shop.product(2_147_483_647, 1_000_000_000);
    const answer = await place({ items: [{ productId: dear, quantity: 2_147_483_647 }] });
    expect([answer.status, answer.body.code]).toEqual([422, 'order-too-large']);
  });

  it('takes no more than there is, in one order or in lines of it', async () => {
    for (const items of [[{ productId, quantity: 51 }], [1, 2].map(() => ({ productId, quantity: 26 }))])
      expect((await place({ items })).body.code).toBe('insufficient-stock');
  });

  it('is done once, however often the button is pressed', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 10 }, () => place({}, key)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect((await place({ shippingAddress: 'There' }, key)).status).toBe(422);
  });
});

it('stock, prices and users are not for customers to set', async () => {
  const stock = await customer.call('PUT', `/products/${productId}/stock`, { body: { stock: 1_000_000 } });
  const product = await customer.post('/products', {
    sku: 'X',
    name: 'X',
    price: { amount: 1, currency: 'GBP' },
    stock: 1,
  });
  const user = await customer.post('/users', { name: 'Eve', email: 'eve@example.com' });
  for (const { status, body } of [stock, product, user])
    expect([status, body['code']]).toEqual([403, 'forbidden']);
});
