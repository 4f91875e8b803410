import { describe, expect, it } from 'vitest';
import { UnexpectedAnswer } from './api.errors.js';
import { findOrCreateProduct, findOrCreateUser } from './find-or-create.js';
import { PlatformApi } from './platform.api.js';
import { type Script, startScriptedApi } from './scripted-api.testing.js';

const mug = { id: '11', sku: 'A', name: 'Mug', price: { amount: 150, currency: 'GBP' }, stock: 5 };
const draft = { sku: 'A', name: 'Mug', pricePence: 150, stock: 5 };
const ada = { id: '21', name: 'Ada', email: 'ada@shop.example', createdAt: '2026-11-22T10:00:00Z' };
const taken = (code: string) => ({ status: 409, body: { code, detail: 'taken' } });
const list = (...items: unknown[]) => ({ status: 200, body: { items, nextCursor: null } });

async function withApi(
  script: Script,
  test: (api: PlatformApi, server: Awaited<ReturnType<typeof startScriptedApi>>) => Promise<void>,
) {
  await using server = await startScriptedApi(script);
  await test(new PlatformApi(server.client), server);
}

describe('find or create', () => {
  it('creates what is not there', () =>
    withApi(
      () => ({ status: 201, body: mug }),
      async (api, { requests }) => {
        expect(await findOrCreateProduct(api, draft)).toEqual({ value: mug, created: true });
        const { body } = requests[0] ?? {};
        expect(body).toEqual({ sku: 'A', name: 'Mug', price: { amount: 150, currency: 'GBP' }, stock: 5 });
      },
    ));

  it('finds what is there, by a sku that may hold spaces', () =>
    withApi(
      ({ call }) => (call.startsWith('POST') ? taken('sku-taken') : list({ ...mug, sku: 'BANK CHARGES' })),
      async (api, { requests }) => {
        const found = await findOrCreateProduct(api, { ...draft, sku: 'BANK CHARGES' });
        expect(found).toMatchObject({ value: { id: '11' }, created: false });
        expect(requests[1]?.call).toBe('GET /v1/products?sku=BANK%20CHARGES');
      },
    ));

  it('asks again where the lookup lags behind the refusal', () => {
    let lookups = 0;
    return withApi(
      ({ call }) =>
        call.startsWith('POST') ? taken('email-taken') : (lookups += 1) < 3 ? list() : list(ada),
      async (api, { retries, waits }) => {
        expect(await findOrCreateUser(api, ada, retries)).toMatchObject({
          value: { id: '21' },
          created: false,
        });
        expect(waits).toEqual([1, 2]);
      },
    );
  });

  it('never takes another product for the one it looked for', () =>
    withApi(
      ({ call }) => (call.startsWith('POST') ? taken('sku-taken') : list({ ...mug, sku: 'B' })),
      async (api, { retries }) => {
        await expect(findOrCreateProduct(api, draft, retries)).rejects.toMatchObject({ code: 'sku-taken' });
      },
    ));

  it('passes on any other refusal', () =>
    withApi(
      () => taken('something-else'),
      async (api) => {
        await expect(findOrCreateUser(api, ada)).rejects.toMatchObject({ code: 'something-else' });
      },
    ));
});

describe('placing an order', () => {
  const order = { id: '31', status: 'pending', total: { amount: 300, currency: 'GBP' } };
  const body = {
    userId: '21',
    items: [{ productId: '11', quantity: 2 }],
    shippingAddress: 'Customer 7, France',
  };

  it('carries the idempotency key, and tells a replay from a first answer', () => {
    let calls = 0;
    return withApi(
      () => ({
        status: 201,
        body: order,
        headers: (calls += 1) > 1 ? { 'idempotency-replayed': 'true' } : {},
      }),
      async (api, { requests }) => {
        expect(await api.placeOrder('536365', body)).toMatchObject({ order, replayed: false });
        expect(await api.placeOrder('536365', body)).toMatchObject({ order, replayed: true });
        expect(requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['536365', '536365']);
      },
    );
  });

  it('believes no answer that is not an order', () =>
    withApi(
      () => ({ status: 201, body: { hello: 'world' } }),
      async (api) => {
        const outcome = api.placeOrder('536365', body);
        await expect(outcome).rejects.toThrow(UnexpectedAnswer);
        await expect(outcome).rejects.toThrow(
          /POST \/v1\/orders: the answer is not what the API promises: id: /,
        );
      },
    ));
});
