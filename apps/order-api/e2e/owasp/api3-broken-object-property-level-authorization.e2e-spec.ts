import { randomUUID } from 'node:crypto';
import { type ApiCaller, type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: Platform;
let userId: string;
let productId: string;
let owner: ApiCaller;

beforeAll(async () => {
  platform = await sharedPlatform();
  [userId, productId] = [await platform.shop.user(), await platform.shop.product(1_000)];
  owner = platform.api.as(await platform.customerToken(userId));
});
afterAll(() => platform?.stop());

/** What only the platform sets, or what other programs would take for its parts. */
const notTheirs = [
  'id',
  'version',
  'role',
  'createdAt',
  'slot',
  'constructor',
  'toString',
  'name OR 1=1',
  '`email`',
];

describe('a property that is not the caller’s to set is refused, by its place', () => {
  it.each(notTheirs)('of a user: %s', async (name) => {
    const headers = { 'if-match': '*' };
    const patched = await owner.call('PATCH', `/users/${userId}`, {
      body: { name: 'Ada', [name]: '1' },
      headers,
    });
    expect([patched.status, patched.body['code']]).toEqual([400, 'validation-failed']);
    expect(JSON.stringify(patched.body['errors'])).toContain(name);
    const made = { name: 'Eve', email: `${randomUUID()}@example.com`, [name]: '1' };
    expect((await platform.api.post('/users', made)).status).toBe(400);
    expect((await owner.get(`/users/${userId}`)).body['name']).toBe('Ada Lovelace');
  });

  it.each([
    ['the status of an order', { status: 'confirmed' }, {}],
    ['its total', { total: { amount: 1, currency: 'GBP' } }, {}],
    ['a price', {}, { unitPrice: { amount: 1, currency: 'GBP' } }],
    ['a price of its own currency', {}, { currency: 'ZWL' }],
  ])('%s', async (_what, ofOrder, ofLine) => {
    const items = [{ productId, quantity: 1, ...ofLine }];
    const body = { userId, items, shippingAddress: 'Here', ...ofOrder };
    const answer = await owner.post('/orders', body, { 'idempotency-key': randomUUID() });
    expect([answer.status, answer.body['code']]).toEqual([400, 'validation-failed']);
  });

  it('a prototype', async () => {
    for (const rawBody of [
      '{"__proto__":{"role":"operator"}}',
      '{"constructor":{"prototype":{"role":"operator"}}}',
    ]) {
      const answer = await owner.call('PATCH', `/users/${userId}`, { rawBody, headers: { 'if-match': '*' } });
      expect(answer.status).toBe(400);
    }
    expect((await owner.get('/admin/queues')).status).toBe(403);
  });
});

describe('what is shown', () => {
  it('is what the contract says, and no column beside it', async () => {
    const { body: order } = await platform.shop.order(userId, [{ productId, quantity: 1 }]);
    const keysOf = async (path: string) => Object.keys((await owner.get(path)).body).sort();
    expect(await keysOf(`/users/${userId}`)).toEqual(['createdAt', 'email', 'id', 'name']);
    expect(await keysOf(`/products/${productId}`)).toEqual(['id', 'name', 'price', 'sku', 'stock']);
    expect(await keysOf(`/orders/${order.id}`)).toEqual(
      ['createdAt', 'id', 'items', 'shippingAddress', 'status', 'total', 'userId'].sort(),
    );
  });
});
