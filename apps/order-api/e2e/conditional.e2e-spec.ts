import { type ApiCaller, type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: Platform;
let owner: ApiCaller;
let stranger: ApiCaller;
let user: string;
let order: string;
let product: string;

beforeAll(async () => {
  platform = await sharedPlatform();
  const { shop, api } = platform;
  user = await shop.user();
  owner = api.as(await platform.customerToken(user));
  stranger = api.as(await platform.customerToken(await shop.user()));
  product = await shop.product(10);
  order = (await shop.order(user, [{ productId: product, quantity: 1 }])).body.id;
});
afterAll(() => platform?.stop());

const ask = (caller: ApiCaller, path: string, etag?: string) =>
  caller.call('GET', path, { headers: etag === undefined ? {} : { 'If-None-Match': etag } });

type Path = () => string;
const own: [string, Path][] = [
  ['an order', () => `/orders/${order}`],
  ['a user', () => `/users/${user}`],
  ['a user’s orders', () => `/users/${user}/orders`],
  ['a user’s orders, fewer at a time', () => `/users/${user}/orders?limit=5`],
];
const all: [string, Path][] = [
  ...own,
  ['a product', () => `/products/${product}`],
  ['a page of products', () => '/products?limit=1'],
];

describe.each(all)('%s', (_what, path) => {
  it('is 304 without a body to who has it, and the same bytes under the same tag to others', async () => {
    const first = await ask(owner, path());
    const etag = first.headers.get('etag')!;
    expect([first.status, etag]).toEqual([200, expect.stringMatching(/^"[^"]+"$/)]);
    expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8');
    for (const given of [etag, `W/${etag}`, `"another", ${etag}`, '*']) {
      const again = await ask(owner, path(), given);
      expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
      expect(again.headers.get('cache-control')).toBe(first.headers.get('cache-control'));
    }
    for (const caller of [owner, platform.apiAt(1)]) {
      const again = await ask(caller, path(), '"another"');
      expect([again.status, again.text, again.headers.get('etag')]).toEqual([200, first.text, etag]);
    }
  });
});

describe.each(own)('%s', (_what, path) => {
  it('is not there for another customer, cached or not, whatever tag she sends', async () => {
    const { headers } = await ask(owner, path());
    for (const etag of [undefined, headers.get('etag')!, '*']) {
      const answer = await ask(stranger, path(), etag);
      expect([answer.status, answer.headers.get('etag')]).toEqual([404, null]);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    }
  });
});

it('what a search has found is 304 as long as it finds the same', async () => {
  const { sku } = (await ask(owner, `/products/${product}`)).body as { sku: string };
  for (const path of [`/products?sku=${sku}`, `/users?namePrefix=zzz`]) {
    const first = await ask(platform.api, path);
    const again = await ask(platform.api, path, first.headers.get('etag')!);
    expect([first.status, again.status, again.text]).toEqual([200, 304, '']);
  }
});

it('an order that has changed is shown as it is, alone and in its list, at once to who changed it', async () => {
  const tags = await Promise.all(
    [`/orders/${order}`, `/users/${user}/orders`].map(async (path) => {
      const { headers } = await ask(owner, path);
      return [path, headers.get('etag')!] as const;
    }),
  );
  expect((await owner.post(`/orders/${order}/cancel`)).status).toBe(200);
  for (const [path, etag] of tags) {
    const now = await ask(owner, path, etag);
    expect([now.status, now.text]).toEqual([200, expect.stringContaining('"status":"cancelled"')]);
  }
});
