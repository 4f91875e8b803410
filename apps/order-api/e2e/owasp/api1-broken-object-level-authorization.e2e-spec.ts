import { type ApiCaller, type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The whole way of another's order: `../place-order.e2e-spec.ts`; each route and caller: `api5-…`.

let platform: Platform;
let [owner, other] = ['', ''];
let orderId: string;
let stranger: ApiCaller;

beforeAll(async () => {
  platform = await sharedPlatform();
  [owner, other] = [await platform.shop.user(), await platform.shop.user()];
  const productId = await platform.shop.product(1_000);
  orderId = (await platform.shop.order(owner, [{ productId, quantity: 1 }])).body.id;
  await platform.shop.order(owner, [{ productId, quantity: 1 }]);
  stranger = platform.api.as(await platform.customerToken(other));
});
afterAll(() => platform?.stop());

/** All that a caller is told, but for what names the request and the thing. */
function toldOf(
  { status, headers, text }: { status: number; headers: Headers; text: string },
  id: string,
): object {
  const { requestId: _own, ...problem } = JSON.parse(text) as Record<string, unknown>;
  const shown = JSON.stringify(problem).replaceAll(id, '<id>');
  return { status, shown, type: headers.get('content-type'), etag: headers.get('etag') };
}

describe('what is another’s', () => {
  const routes: [
    method: string,
    path: (userId: string, order: string) => string,
    headers?: Record<string, string>,
  ][] = [
    ['GET', (_user, order) => `/orders/${order}`],
    ['GET', (_user, order) => `/orders/${order}`, { 'if-none-match': '*' }],
    ['POST', (_user, order) => `/orders/${order}/cancel`],
    ['GET', (user) => `/users/${user}`],
    ['GET', (user) => `/users/${user}`, { 'if-none-match': '"1"' }],
    ['GET', (user) => `/users/${user}/orders`],
    ['GET', (user) => `/users/${user}/recommendations`],
    ['PATCH', (user) => `/users/${user}`, { 'if-match': '*' }],
  ];

  it.each(routes)('is answered like what does not exist: %s %s', async (method, path, headers = {}) => {
    const body = method === 'PATCH' ? { name: 'Mine' } : undefined;
    const [missingUser, missingOrder] = ['4242', '4243'];
    const there = await stranger.call(method, path(owner, orderId), { headers, body });
    const not = await stranger.call(method, path(missingUser, missingOrder), { headers, body });
    const id = path('', '').startsWith('/orders') ? [orderId, missingOrder] : [owner, missingUser];
    expect(toldOf(there, id[0]!)).toEqual(toldOf(not, id[1]!));
    expect(there.status).toBe(404);
  });

  it('can’t be paged through by a cursor of its owner', async () => {
    const own = platform.api.as(await platform.customerToken(owner));
    const { body } = await own.get(`/users/${owner}/orders?limit=1`);
    const answer = await stranger.get(`/users/${other}/orders?limit=1&cursor=${body.nextCursor}`);
    expect([answer.status, answer.body['code']]).toEqual([400, 'invalid-cursor']);
  });
});
