import type { CallOptions } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RefusedOrders } from './refused.orders.js';

let refused: RefusedOrders;
let userId: string;
let productId: string;

beforeAll(async () => {
  refused = await RefusedOrders.open();
  ({ userId, productId } = refused);
});
afterAll(() => refused?.platform.stop());

const isRefused = async (options: CallOptions, status: number, code: string): Promise<void> => {
  await refused.problemOf(options, status, code);
};

describe('an order that names what does not exist', () => {
  it('is refused for an unknown product', () =>
    isRefused({ body: refused.orderOf([{ productId: '123', quantity: 1 }]) }, 404, 'product-not-found'));
  it('is refused for an unknown user', () =>
    isRefused({ body: { ...refused.line(1), userId: '123' } }, 404, 'user-not-found'));
});

describe('a quantity', () => {
  it.each([0, -1, 1.5, 2 ** 31, '1', null, undefined, true])('%s is refused, and named', async (quantity) => {
    const problem = await refused.problemOf({ body: refused.line(quantity) }, 400, 'validation-failed');
    expect(problem['errors']).toMatchObject([{ path: 'items.0.quantity' }]);
  });

  it('is refused when the lines of one product add up to too much', () => {
    const lines = [1, 2].map(() => ({ productId, quantity: 2 ** 31 - 1 }));
    return isRefused({ body: refused.orderOf(lines) }, 400, 'validation-failed');
  });
});

describe('an id', () => {
  it.each(['abc', '1e3', '-1', '0x10', '01', '', ' 1', '9223372036854775808', 7, null])(
    '%j in place of a decimal string is refused',
    async (id) => {
      await isRefused({ body: refused.orderOf([{ productId: id, quantity: 1 }]) }, 400, 'validation-failed');
      await isRefused({ body: { ...refused.line(1), userId: id } }, 400, 'validation-failed');
    },
  );

  it('in a path is held to the same', async () => {
    for (const path of ['/orders/abc', '/users/1.5', '/products/%00', '/users/abc/orders']) {
      const answer = await refused.platform.api.get(path);
      expect([answer.status, answer.body['code']], path).toEqual([400, 'validation-failed']);
    }
  });
});

describe('a list of items', () => {
  it('of 1,001 is refused', () =>
    isRefused(
      { body: refused.orderOf(Array.from({ length: 1_001 }, () => ({ productId, quantity: 1 }))) },
      400,
      'validation-failed',
    ));
  it('that is empty is refused', () => isRefused({ body: refused.orderOf([]) }, 400, 'validation-failed'));
  it('that is none is refused', () => isRefused({ body: refused.orderOf('many') }, 400, 'validation-failed'));
});

describe('a body', () => {
  it.each(['', 'x'.repeat(501), 'a\u0000b', '\ud800', 7, null])(
    'with %j as address is refused',
    (shippingAddress) =>
      isRefused({ body: { ...refused.line(1), shippingAddress } }, 400, 'validation-failed'),
  );
  it('with an unknown field is refused', () =>
    isRefused({ body: { ...refused.line(1), coupon: 'X' } }, 400, 'validation-failed'));
  it('of 5 MB is refused', () =>
    isRefused(
      { body: refused.orderOf([], { shippingAddress: 'x'.repeat(5_000_000) }) },
      413,
      'body-too-large',
    ));
  it('of 5 MB is refused so that a client that reads only once it has sent everything gets the answer', async () => {
    const body = JSON.stringify(refused.orderOf([], { shippingAddress: 'x'.repeat(5_000_000) }));
    const head = [
      'POST /v1/orders HTTP/1.1',
      `Host: ${new URL(refused.platform.api.baseUrl).host}`,
      `Authorization: Bearer ${await refused.platform.operatorToken()}`,
      'Idempotency-Key: too-large',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    expect(await refused.sendAllThenRead(`${head.join('\r\n')}\r\n\r\n${body}`)).toMatch(
      /^HTTP\/1\.1 413 .*"body-too-large"/s,
    );
  });
  it('that is not JSON is refused', () => isRefused({ rawBody: '{"userId": ' }, 400, 'malformed-json'));
  it('that is missing is refused', () => isRefused({}, 400, 'validation-failed'));
  it('that would poison a prototype is refused', () =>
    isRefused({ rawBody: `{"__proto__":{"role":"operator"},"userId":"${userId}"}` }, 400, 'malformed-json'));
  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml'])(
    'of type %s is refused',
    (type) =>
      isRefused(
        { rawBody: JSON.stringify(refused.line(1)), headers: { 'content-type': type } },
        415,
        'unsupported-media-type',
      ),
  );
});

describe('an Idempotency-Key', () => {
  it('that is missing is asked for', () =>
    isRefused({ body: refused.line(1), headers: { 'idempotency-key': '' } }, 400, 'idempotency-key-missing'));
  it('of 256 characters is refused', () =>
    isRefused(
      { body: refused.line(1), headers: { 'idempotency-key': 'k'.repeat(256) } },
      400,
      'validation-failed',
    ));
});

describe('a token', () => {
  it('may stand behind two spaces, as RFC 9110 allows', async () => {
    const headers = { authorization: `Bearer  ${await refused.platform.operatorToken()}` };
    expect((await refused.platform.api.call('GET', '/products', { token: null, headers })).status).toBe(200);
  });

  it('that is missing is asked for', () =>
    isRefused({ body: refused.line(1), token: null }, 401, 'token-missing'));
  it('that has expired is refused', async () =>
    isRefused(
      { body: refused.line(1), token: await refused.platform.customerToken(userId, '-1h') },
      401,
      'token-expired',
    ));
  it('of a customer can’t order for another, who might as well not exist', async () =>
    isRefused(
      { body: refused.line(1), token: await refused.platform.customerToken('42') },
      404,
      'user-not-found',
    ));
});

describe('duplicate products in one order', () => {
  it('become one line', async () => {
    const lines = [1, 2, 3].map((quantity) => ({ productId, quantity }));
    const answer = await refused.platform.shop.order(userId, lines);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ items: [{ productId, quantity: 6 }], total: { amount: 2_700 } });
  });
});
