import { describe, expect, it } from 'vitest';
import { planImport } from './import.plan.js';
import { runImport } from './import.runner.js';
import type { OnlineRetailLine } from './online-retail.line.js';
import { type Script, startScriptedApi } from './scripted-api.testing.js';

const line = (invoiceNo: string, stockCode: string, customerId: string, quantity = 2): OnlineRetailLine => ({
  invoiceNo,
  stockCode,
  description: stockCode,
  quantity,
  placedAtMs: 0,
  unitPricePence: 150,
  customerId,
  country: 'France',
});

const refusal = (status: number, code: string) => ({ status, body: { code, detail: code } });

/** Takes everything, apart from what `exception` answers differently. */
const acceptingAll =
  (
    exception: (call: string, body: Record<string, never>) => ReturnType<Script> | undefined = () =>
      undefined,
  ): Script =>
  ({ call, body }) => {
    const draft = (body ?? {}) as Record<string, never>;
    const own = exception(call, draft);
    if (own !== undefined) return own;
    if (call === 'POST /v1/products') return { status: 201, body: { ...draft, id: `p-${draft['sku']}` } };
    if (call === 'POST /v1/users') return { status: 201, body: { ...draft, id: `u-${draft['email']}` } };
    const order = { id: '31', total: { amount: 300, currency: 'GBP' } };
    if (call === 'POST /v1/orders') return { status: 201, body: { ...order, status: 'pending' } };
    return { status: 200, body: { ...order, status: 'confirmed' } };
  };

async function run(lines: OnlineRetailLine[], script: Script, stock?: number) {
  await using server = await startScriptedApi(script);
  const progress = { begin: () => {}, advance: () => {}, end: () => {} };
  const context = { client: server.client, concurrency: 2, progress, refusals: [] };
  const summary = await runImport(context, planImport(lines), stock);
  return { summary, requests: server.requests };
}

describe('an import', () => {
  it('places each order for its customer with the products of its lines', async () => {
    const { summary, requests } = await run([line('1', 'A', '7'), line('1', 'B', '7', 1)], acceptingAll());
    expect(requests.find(({ call }) => call === 'POST /v1/orders')?.body).toEqual({
      userId: 'u-customer-7@online-retail.example',
      items: [
        { productId: 'p-A', quantity: 2 },
        { productId: 'p-B', quantity: 1 },
      ],
      shippingAddress: 'Customer 7, France',
    });
    expect(summary.orders).toMatchObject({ accepted: 1, replayed: 0, confirmed: 1, stillPending: 0 });
    expect(summary).toMatchObject({ totalPence: 300, products: { created: 2 }, customers: { created: 1 } });
  });

  it('gives new products plenty of stock, or what --stock says', async () => {
    const stockOf = async (stock?: number) => {
      const { requests } = await run([line('1', 'A', '7')], acceptingAll(), stock);
      return requests[0]?.body;
    };
    expect(await stockOf()).toMatchObject({ stock: 1_000_000 });
    expect(await stockOf(3)).toMatchObject({ stock: 3 });
  });

  it('tops up a product that is there with too little, counts lines off its price, and says so', async () => {
    const there = { id: 'p-A', sku: 'A', name: 'A', price: { amount: 175, currency: 'GBP' }, stock: 1 };
    const { summary, requests } = await run(
      [line('1', 'A', '7')],
      acceptingAll((call) => {
        if (call === 'POST /v1/products') return refusal(409, 'sku-taken');
        if (call === 'GET /v1/products?sku=A')
          return { status: 200, body: { items: [there], nextCursor: null } };
        return call.startsWith('PUT') ? { status: 200, body: { ...there, stock: 2 } } : undefined;
      }),
    );
    expect(requests.find(({ call }) => call === 'PUT /v1/products/p-A/stock')?.body).toEqual({ stock: 2 });
    expect(summary.products).toEqual({ created: 0, existing: 1, toppedUp: 1 });
    expect(summary.lines.offCataloguePrice).toBe(1);
  });

  it('goes on after a refusal, and reports what it cost', async () => {
    const { summary } = await run(
      [line('1', 'A', '7'), line('2', 'B', '7'), line('3', 'B', '8'), line('4', 'B', '7')],
      acceptingAll((call, body) => {
        if (call === 'POST /v1/products' && body['sku'] === 'A') return refusal(400, 'validation-failed');
        if (call === 'POST /v1/users' && String(body['email']).includes('-8@'))
          return refusal(503, 'shard-unavailable');
        return undefined;
      }),
    );
    expect(summary.orders).toMatchObject({ accepted: 2, confirmed: 2 });
    expect(summary.refused.byCode).toEqual({
      'validation-failed': 1,
      'shard-unavailable': 1,
      'not-placed': 2,
    });
    expect(summary.refused.list).toContainEqual({
      what: 'order 1',
      code: 'not-placed',
      detail: 'its product A was refused',
    });
  });

  it('sends the invoice number as the idempotency key, and counts what an earlier run placed', async () => {
    const { summary, requests } = await run([line('1', 'A', '7'), line('2', 'A', '7')], (request) => {
      const answer = acceptingAll()(request);
      const isAgain = request.headers['idempotency-key'] === '2' && answer !== 'hang-up';
      return isAgain ? { ...answer, headers: { 'idempotency-replayed': 'true' } } : answer;
    });
    const keys = requests.map(({ headers }) => headers['idempotency-key']).filter(Boolean);
    expect(keys.sort()).toEqual(['1', '2']);
    expect(summary.orders).toMatchObject({ accepted: 2, replayed: 1 });
  });

  it('stops at a token that is not good enough', async () => {
    const forbidden = acceptingAll((call) =>
      call === 'POST /v1/products' ? refusal(403, 'forbidden') : undefined,
    );
    await expect(run([line('1', 'A', '7')], forbidden)).rejects.toMatchObject({ code: 'forbidden' });
  });
});
