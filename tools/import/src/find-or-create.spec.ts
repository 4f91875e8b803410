import type { FourfoldClient } from '@fourfold/client';
import { describe, expect, it } from 'vitest';
import { findOrCreateProduct, findOrCreateUser } from './find-or-create.js';
import { type Script, startScriptedApi } from './scripted-api.testing.js';

const mug = { id: '11', sku: 'A', name: 'Mug', price: { amount: 150, currency: 'GBP' }, stock: 5 };
const draft = { sku: 'A', name: 'Mug', pricePence: 150, stock: 5 };
const ada = { id: '21', name: 'Ada', email: 'ada@shop.example', createdAt: '2026-11-22T10:00:00Z' };
const taken = (code: string) => ({ status: 409, body: { code, detail: 'taken' } });
const list = (...items: unknown[]) => ({ status: 200, body: { items, nextCursor: null } });

async function withApi(
  script: Script,
  test: (client: FourfoldClient, server: Awaited<ReturnType<typeof startScriptedApi>>) => Promise<void>,
) {
  await using server = await startScriptedApi(script);
  await test(server.client, server);
}

describe('find or create', () => {
  it('creates what is not there', () =>
    withApi(
      () => ({ status: 201, body: mug }),
      async (client, { requests }) => {
        expect(await findOrCreateProduct(client, draft)).toEqual({ value: mug, created: true });
        const { body } = requests[0] ?? {};
        expect(body).toEqual({ sku: 'A', name: 'Mug', price: { amount: 150, currency: 'GBP' }, stock: 5 });
      },
    ));

  it('finds what is there, by a sku that may hold spaces', () =>
    withApi(
      ({ call }) => (call.startsWith('POST') ? taken('sku-taken') : list({ ...mug, sku: 'BANK CHARGES' })),
      async (client, { requests }) => {
        const found = await findOrCreateProduct(client, { ...draft, sku: 'BANK CHARGES' });
        expect(found).toMatchObject({ value: { id: '11' }, created: false });
        expect(requests[1]?.call).toBe('GET /v1/products?sku=BANK%20CHARGES');
      },
    ));

  it('asks again where the lookup lags behind the refusal', () => {
    let lookups = 0;
    return withApi(
      ({ call }) =>
        call.startsWith('POST') ? taken('email-taken') : (lookups += 1) < 3 ? list() : list(ada),
      async (client, { retries, waits }) => {
        expect(await findOrCreateUser(client, ada, retries)).toMatchObject({
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
      async (client, { retries }) => {
        await expect(findOrCreateProduct(client, draft, retries)).rejects.toMatchObject({
          code: 'sku-taken',
        });
      },
    ));

  it('passes on any other refusal', () =>
    withApi(
      () => taken('something-else'),
      async (client) => {
        await expect(findOrCreateUser(client, ada)).rejects.toMatchObject({ code: 'something-else' });
      },
    ));
});
