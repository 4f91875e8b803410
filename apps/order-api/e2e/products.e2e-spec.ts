import { randomUUID } from 'node:crypto';
import { ApiCaller, type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface ProductBody {
  id: string;
  sku: string;
  name: string;
  price: { amount: number; currency: string };
  stock: number;
}

let platform: Platform;
let api: ApiCaller;
/** The same caller at the other order-api process. */
let other: ApiCaller;
let customer: ApiCaller;

beforeAll(async () => {
  platform = await sharedPlatform();
  api = platform.api;
  other = new ApiCaller(platform.baseUrls[1]!, await platform.operatorToken());
  customer = api.as(await platform.customerToken(await platform.shop.user()));
});
afterAll(() => platform?.stop());

const aProduct = (more: Partial<ProductBody> = {}) => ({
  sku: `P-${randomUUID()}`,
  name: 'White hanging heart',
  price: { amount: 255, currency: 'GBP' },
  stock: 7,
  ...more,
});
const bySku = (sku: string) => api.get(`/products?sku=${encodeURIComponent(sku)}`);
const setStock = (caller: ApiCaller, id: string, stock: unknown) =>
  caller.call('PUT', `/products/${id}/stock`, { body: { stock } });

describe('a new product', () => {
  it('is answered with its place, and any caller with a token reads it from every process', async () => {
    const form = aProduct({ name: '  Kneeling angel ' });
    const created = await api.post('/products', form);
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`/v1/products/${created.body.id}`);
    expect(created.body).toEqual({ ...form, name: 'Kneeling angel', id: expect.stringMatching(/^\d+$/) });
    for (const caller of [api, other, customer]) {
      expect((await caller.get(`/products/${created.body.id}`)).body).toEqual(created.body);
    }
  });

  it('can’t have the SKU of another, not even of one made in the same moment', async () => {
    const form = aProduct();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? api : other).post('/products', form)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array<number>(9).fill(409)]);
    const refused = answers.filter(({ status }) => status === 409).map(({ body }) => body['code']);
    expect(new Set(refused)).toEqual(new Set(['sku-taken']));
  });

  it.each([
    ['a negative stock', { stock: -1 }],
    ['a stock of 2^31', { stock: 2 ** 31 }],
    ['half a unit', { stock: 0.5 }],
    ['no name', { name: ' ' }],
    ['a SKU of 65 characters', { sku: 'x'.repeat(65) }],
    ['a price in euros', { price: { amount: 1, currency: 'EUR' } }],
    ['an id of its own', { id: '7' }],
  ])('with %s is refused', async (_what, fault) => {
    const answer = await api.post('/products', aProduct(fault));
    expect([answer.status, answer.body['code']]).toEqual([400, 'validation-failed']);
  });
});

describe('the list', () => {
  it('gives every product once, oldest first, page by page', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 12; n += 1) ids.push(await platform.shop.product(1));
    // A list is read from a replica, which has the newest a moment later.
    const all = await eventually(async () => {
      const page = (await customer.get('/products?limit=100')).body;
      return page.items.at(-1)?.id === ids.at(-1) && page;
    });
    expect(all.items.map(({ id }) => id).slice(-12)).toEqual(ids);

    const paged: ProductBody[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await customer.get(`/products?limit=5${query}`);
      expect(body.items.length).toBe(body.nextCursor === null ? all.items.length % 5 || 5 : 5);
      paged.push(...body.items);
      cursor = body.nextCursor;
    }
    expect(paged).toEqual(all.items);
  });

  it.each(['limit=0', 'limit=101', 'limit=many', 'cursor=a&cursor=b', 'sku=', 'page=2'])(
    'refuses ?%s',
    async (query) => {
      const answer = await api.get(`/products?${query}`);
      expect([answer.status, answer.body['code']]).toEqual([400, 'validation-failed']);
    },
  );
});

describe('?sku=', () => {
  it.each(['WHITE HEART 85123A', '100% cotton_mix', 'a+b&c=d/e?f#g', 'Zoë’s “gift”', "'; DROP TABLE stock"])(
    'finds %j and nothing that only looks like it',
    async (sku) => {
      const { body } = await api.post('/products', aProduct({ sku }));
      await api.post('/products', aProduct({ sku: `${sku}2` }));
      await eventually(async () => expect((await bySku(`${sku}2`)).body.items).toHaveLength(1));
      expect((await bySku(sku)).body).toEqual({ items: [body], nextCursor: null });
      expect((await bySku(sku.slice(0, 4))).body.items).toEqual([]);
    },
  );

  it('finds nothing for a SKU that no product has', async () => {
    expect((await bySku('unknown’s')).body).toEqual({ items: [], nextCursor: null });
  });
});

describe('the stock that an operator sets', () => {
  it('is what every process says, though each had the old one in its cache', async () => {
    const id = await platform.shop.product(3);
    const stockAt = async (caller: ApiCaller) => (await caller.get(`/products/${id}`)).body.stock;
    for (const [stock, writer] of [
      [8, api],
      [0, other],
      [2_147_483_647, api],
    ] as const) {
      expect(await stockAt(api)).toBe(await stockAt(other));
      const answer = await setStock(writer, id, stock);
      expect([answer.status, answer.body.stock]).toEqual([200, stock]);
      expect(await stockAt(writer)).toBe(stock);
      for (const caller of [api, other]) {
        await eventually(async () => (await stockAt(caller)) === stock);
      }
    }
  });

  it('may be what it was already', async () => {
    const id = await platform.shop.product(3);
    expect([(await setStock(api, id, 3)).status, (await setStock(api, id, 3)).status]).toEqual([200, 200]);
  });

  it.each([-1, 1.5, '5', null, 2 ** 31])('can’t be %s', async (stock) => {
    const id = await platform.shop.product(3);
    const answer = await setStock(api, id, stock);
    expect([answer.status, answer.body]).toMatchObject([400, { code: 'validation-failed' }]);
    expect(await platform.shop.stockOf(id)).toBe(3);
  });
});

describe('an answer that the caller has already', () => {
  /** @returns status and ETag of the answer to a caller that has the one with `etag`. */
  const again = async (caller: ApiCaller, path: `/products?${string}`, etag?: string) => {
    const headers: Record<string, string> = etag === undefined ? {} : { 'If-None-Match': etag };
    const answer = await caller.call('GET', path, { headers });
    return { status: answer.status, etag: answer.headers.get('etag'), body: answer.body };
  };

  /** The list from the last product on, whatever other tests have made. */
  const lastPage = async () => {
    let path: `/products?${string}` = '/products?limit=100';
    for (;;) {
      const { nextCursor } = (await again(api, path)).body;
      if (nextCursor === null) return path;
      path = `/products?limit=100&cursor=${encodeURIComponent(nextCursor)}`;
    }
  };

  it('of a list of products is 304 and no body, until one of them changes, at every process', async () => {
    const form = aProduct();
    const { id } = (await api.post('/products', form)).body;
    const path = await lastPage();
    const first = await again(api, path);
    expect(first).toMatchObject({ status: 200, etag: expect.stringMatching(/^"[^"]+"$/) });
    for (const caller of [api, other, customer]) {
      expect(await again(caller, path, first.etag!)).toMatchObject({ status: 304, etag: first.etag });
    }
    expect((await setStock(api, id, 99)).status).toBe(200);
    const changed = await again(api, path, first.etag!);
    expect(changed.status).toBe(200);
    expect(changed.body.items.at(-1)?.stock).toBe(99);
    for (const caller of [other, customer]) {
      await eventually(async () => (await again(caller, path, changed.etag!)).status === 304);
    }
  });

  it('is asked for each time: no browser takes it for good by itself', async () => {
    expect((await api.get('/products?limit=1')).headers.get('cache-control')).toBe('no-cache');
  });

  it('lists a product as soon as it is there, though the list without it was cached', async () => {
    const path = await lastPage();
    const created = await api.post('/products', aProduct());
    expect((await again(api, path)).body.items.at(-1)).toEqual(created.body);
  });

  it('is not old to the bearer of a token, at a process that no message has reached', async () => {
    const id = await platform.shop.product(3);
    const path = await lastPage();
    const old = await again(other, path);
    const changed = await setStock(api, id, 44);
    const headers = {
      'X-Consistency-Token': changed.headers.get('x-consistency-token')!,
      'If-None-Match': old.etag!,
    };
    const { status, body } = await other.call('GET', path, { headers });
    expect([status, body.items.at(-1)?.stock]).toEqual([200, 44]);
  });

  it('is refused to a caller without a token, whatever ETag it sends', async () => {
    const path = '/products?limit=1';
    const { etag } = await again(api, path);
    const stranger = new ApiCaller(platform.baseUrls[0]!, 'no token');
    expect((await again(stranger, path, etag!)).status).toBe(401);
  });
});

describe('who may do what', () => {
  it('a product that does not exist is 404 for every caller, to read or to stock', async () => {
    for (const answer of [await customer.get('/products/123'), await setStock(api, '123', 1)]) {
      expect([answer.status, answer.body]).toMatchObject([404, { code: 'product-not-found' }]);
    }
  });

  it('a customer changes nothing', async () => {
    const id = await platform.shop.product(3);
    for (const answer of [await customer.post('/products', aProduct()), await setStock(customer, id, 9)]) {
      expect([answer.status, answer.body]).toMatchObject([403, { code: 'forbidden' }]);
    }
    expect(await platform.shop.stockOf(id)).toBe(3);
  });
});
