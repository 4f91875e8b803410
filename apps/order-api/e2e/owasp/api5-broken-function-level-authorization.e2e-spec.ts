import { randomUUID } from 'node:crypto';
import { type Answer, type CallOptions, type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forged } from './forged.tokens.js';
import { callers } from './route.callers.js';

// That the table has every route of the router: `../open-api.e2e-spec.ts`, and order-api does not start with one that its
// document lacks.

let platform: Platform;
let [userId, productId, orderId] = ['', '', ''];
let tokens: Record<'owner' | 'other' | 'operator' | 'expired' | 'wrongAudience', string>;

beforeAll(async () => {
  platform = await sharedPlatform();
  const { shop } = platform;
  userId = await shop.user();
  productId = await shop.product(1_000);
  orderId = (await shop.order(userId, [{ productId, quantity: 1 }])).body.id;
  const other = await shop.user();
  tokens = {
    owner: await platform.customerToken(userId),
    other: await platform.customerToken(other),
    operator: await platform.operatorToken(),
    expired: await forged({ expiresIn: '-1h' }),
    wrongAudience: await forged({ audience: 'bank' }),
  };
});
afterAll(() => platform?.stop());

/** About the owner's things where it is about any; else about what is not there. */
function call(route: string, token: string | null): Promise<Answer> {
  const [method, path] = route.split(' ') as [string, string];
  const id = path.startsWith('/v1/orders') ? orderId : path.startsWith('/v1/users') ? userId : productId;
  const url = path
    .replace('/v1', '')
    .replace('{id}', id)
    .replace(/\{\w+\}/, '1');
  const bodies: Record<string, object> = {
    'POST /v1/orders': { userId, items: [{ productId, quantity: 1 }], shippingAddress: 'Here' },
    'PATCH /v1/users/{id}': { name: 'Ada King' },
  };
  const options: CallOptions = { token, headers: { 'idempotency-key': randomUUID(), 'if-match': '*' } };
  const body = method === 'GET' || method === 'DELETE' ? undefined : (bodies[route] ?? {});
  return platform.api.call(method, url, { ...options, body });
}

const refusal = async (route: string, token: string | null) => {
  const { status, body } = await call(route, token);
  return [status, body?.['code']];
};

describe('who may call a route', () => {
  it.each(Object.entries(callers))('%s: %s', async (route, allowed) => {
    if (allowed === 'all') {
      for (const token of [null, 'x.y.z'])
        expect(await refusal(route, token)).toEqual([400, 'validation-failed']);
      return;
    }
    expect(await refusal(route, null)).toEqual([401, 'token-missing']);
    expect(await refusal(route, 'x.y.z')).toEqual([401, 'token-invalid']);
    expect(await refusal(route, tokens.expired)).toEqual([401, 'token-expired']);
    expect(await refusal(route, tokens.wrongAudience)).toEqual([401, 'token-invalid']);

    const other = await refusal(route, tokens.other);
    const owner = await refusal(route, tokens.owner);
    if (allowed === 'operators')
      expect([other, owner]).toEqual([
        [403, 'forbidden'],
        [403, 'forbidden'],
      ]);
    else expect(owner[0]).toBeLessThan(300);
    const missing = route.includes('/v1/orders/') ? 'order-not-found' : 'user-not-found';
    if (allowed === 'owner') expect(other).toEqual([404, missing]);
    if (allowed === 'any-token') expect(other[0]).toBeLessThan(300);

    const operator = await refusal(route, tokens.operator);
    expect(['token-missing', 'token-invalid', 'forbidden', missing]).not.toContain(operator[1]);
  });
});
