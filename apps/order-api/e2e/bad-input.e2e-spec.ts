import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type CallOptions, type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: Platform;
let userId: string;
let productId: string;
/** Every row that an order could leave. */
let rowsBefore: number[];

beforeAll(async () => {
  platform = await sharedPlatform();
  [userId, productId] = [await platform.shop.user(), await platform.shop.product(1_000)];
  rowsBefore = await countRows();
});
afterAll(() => platform?.stop());

async function countRows(): Promise<number[]> {
  const tables = ['orders', 'order_items', 'idempotency_keys', 'outbox'];
  return Promise.all(
    tables.map(async (table) => {
      const [rows] = await platform.primary.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`);
      return Number(rows[0]!['n']);
    }),
  );
}

/** Refused with a problem+json of this status and code, and no row written. */
async function problemOf(
  options: CallOptions,
  status: number,
  code: string,
): Promise<Record<string, unknown>> {
  const answer = await platform.api.call('POST', '/orders', {
    ...options,
    headers: { 'idempotency-key': randomUUID(), ...options.headers },
  });
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body).toMatchObject({ status, code, requestId: answer.headers.get('x-request-id') });
  expect(answer.body).toHaveProperty('title');
  expect(answer.body).toHaveProperty('detail');
  expect(answer.body).toHaveProperty('type');
  expect(await countRows()).toEqual(rowsBefore);
  return answer.body;
}

const isRefused = async (options: CallOptions, status: number, code: string): Promise<void> => {
  await problemOf(options, status, code);
};

/** Over a plain socket, whose peer must not hang up before it has heard all of `request`. */
async function sendAllThenRead(request: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(platform.api.baseUrl);
  const socket = connect(Number(port), hostname);
  socket.pause();
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.write(request, (error) => (error ? reject(error) : resolve()));
  });
  return text(socket);
}

/** An order over a plain socket, by an operator unless the headers say otherwise. */
async function sendOrder(headers: string[], body: Buffer): Promise<string> {
  const authorization = `Authorization: Bearer ${await platform.operatorToken()}`;
  const head = [
    'POST /v1/orders HTTP/1.1',
    'Host: x',
    'Connection: close',
    `Content-Length: ${body.length}`,
    ...(headers.some((header) => header.startsWith('Authorization')) ? [] : [authorization]),
    ...(headers.some((header) => header.startsWith('Idempotency-Key')) ? [] : ['Idempotency-Key: raw']),
    ...(headers.some((header) => header.startsWith('Content-Type'))
      ? []
      : ['Content-Type: application/json']),
    ...headers,
  ].join('\r\n');
  return sendAllThenRead(Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body]));
}

const orderOf = (items: unknown, more: object = {}) => ({ userId, items, shippingAddress: 'Here', ...more });
const line = (quantity: unknown) => orderOf([{ productId, quantity }]);

describe('an order that names what does not exist', () => {
  it('is refused for an unknown product', () =>
    isRefused({ body: orderOf([{ productId: '123', quantity: 1 }]) }, 404, 'product-not-found'));
  it('is refused for an unknown user', () =>
    isRefused({ body: { ...line(1), userId: '123' } }, 404, 'user-not-found'));
});

describe('a quantity', () => {
  it.each([0, -1, 1.5, 2 ** 31, '1', null, undefined, true])('%s is refused, and named', async (quantity) => {
    const problem = await problemOf({ body: line(quantity) }, 400, 'validation-failed');
    expect(problem['errors']).toMatchObject([{ path: 'items.0.quantity' }]);
  });

  it('is refused when the lines of one product add up to too much', () => {
    const lines = [1, 2].map(() => ({ productId, quantity: 2 ** 31 - 1 }));
    return isRefused({ body: orderOf(lines) }, 400, 'validation-failed');
  });
});

describe('an id', () => {
  it.each(['abc', '1e3', '-1', '0x10', '01', '', ' 1', '9223372036854775808', 7, null])(
    '%j in place of a decimal string is refused',
    async (id) => {
      await isRefused({ body: orderOf([{ productId: id, quantity: 1 }]) }, 400, 'validation-failed');
      await isRefused({ body: { ...line(1), userId: id } }, 400, 'validation-failed');
    },
  );

  it('in a path is held to the same', async () => {
    for (const path of ['/orders/abc', '/users/1.5', '/products/%00', '/users/abc/orders']) {
      const answer = await platform.api.get(path);
      expect([answer.status, answer.body['code']], path).toEqual([400, 'validation-failed']);
    }
  });
});

describe('a path', () => {
  it.each(['/products/1%ff', `/products/${'1'.repeat(500)}`])(
    'that can’t be read is a problem like any other',
    async (path) => {
      const answer = await platform.api.get(path);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect([answer.status, answer.body['code']]).toEqual([400, 'bad-request']);
      expect(answer.headers.get('x-request-id')).toBe(answer.body['requestId']);
    },
  );

  it('with headers of 20 kB is a problem like any other', async () => {
    const answer = await platform.api.call('GET', '/products', { headers: { 'x-big': 'x'.repeat(20_000) } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect([answer.status, answer.body['code']]).toEqual([431, 'headers-too-large']);
    expect(answer.headers.get('x-request-id')).toBe(answer.body['requestId']);
  });

  it('that leads nowhere is a problem like any other', async () => {
    const answer = await platform.api.get('/nothing');
    expect([answer.status, answer.body['code']]).toEqual([404, 'not-found']);
  });
});

describe('what Node answers by itself where it is not asked', () => {
  const raw = async (...head: string[]) =>
    sendAllThenRead(`${[...head, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  const aProblem = (status: number, code: string) =>
    new RegExp(`^HTTP/1\\.1 ${status} .*content-type: application/problem\\+json.*"code":"${code}"`, 'is');

  it.each([
    ['a request without Host', ['GET /v1/products HTTP/1.1'], 400, 'bad-request'],
    ['two Hosts', ['GET /v1/products HTTP/1.1', 'Host: x', 'Host: y'], 400, 'validation-failed'],
    [
      'an unknown Expect',
      ['GET /v1/products HTTP/1.1', 'Host: x', 'Expect: miracles'],
      417,
      'expectation-failed',
    ],
    ['an unknown method', ['BREW /v1/products HTTP/1.1', 'Host: x'], 400, 'bad-request'],
    ['a method of no route', ['PROPFIND /v1/products HTTP/1.1', 'Host: x'], 404, 'not-found'],
    ['the asterisk form', ['OPTIONS * HTTP/1.1', 'Host: x'], 404, 'not-found'],
    [
      'two lengths',
      ['GET /v1/products HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Content-Length: 2'],
      400,
      'bad-request',
    ],
    [
      'an upgrade without a token',
      ['GET /v1/products HTTP/1.1', 'Host: x', 'Upgrade: websocket'],
      401,
      'token-missing',
    ],
  ])('is a problem like any other: %s', async (_what, head, status, code) => {
    expect(await raw(...head)).toMatch(aProblem(status, code));
  });

  it('Expect: 100-continue is known', async () => {
    expect(await raw('GET /v1/products HTTP/1.1', 'Host: x', 'Expect: 100-continue')).toMatch(
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 401 /,
    );
  });

  it('HTTP/1.0 needs no Host', async () => {
    expect(await raw('GET /v1/products HTTP/1.0')).toMatch(aProblem(401, 'token-missing'));
  });
});

describe('what is not UTF-8', () => {
  const bodyOf = (bytes: number[]) => {
    const [head, tail] = JSON.stringify({ ...line(1), shippingAddress: 'X' }).split('X') as [string, string];
    return Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(tail)]);
  };

  it.each([[[0xff]], [[0xc3]], [[0xed, 0xa0, 0x80]], [[0xc0, 0xaf]], [[0xf4, 0x90, 0x80, 0x80]]])(
    'is refused in a body, and nothing is stored: %j',
    async (bytes) => {
      expect(await sendOrder([], bodyOf(bytes))).toMatch(/^HTTP\/1\.1 400 .*"malformed-json"/s);
      expect(await countRows()).toEqual(rowsBefore);
    },
  );

  it.each(['latin1', 'utf-16'])('is refused by its name: charset=%s', (charset) =>
    isRefused(
      { body: line(1), headers: { 'content-type': `application/json; charset=${charset}` } },
      415,
      'unsupported-media-type',
    ),
  );

  it('is refused in a header', async () => {
    const answer = await sendOrder(['Idempotency-Key: \xff'], bodyOf([0x61]));
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*"bad-request"/s);
    expect(await countRows()).toEqual(rowsBefore);
  });

  it.each(['/users?namePrefix=%ff', '/users?namePrefix=%ED%A0%80', '/users?namePrefix=%'])(
    'is refused in a URL: %s',
    async (path) => {
      const answer = await platform.api.get(path);
      expect([answer.status, answer.body['code']]).toEqual([400, 'bad-request']);
    },
  );
});

describe('what can be read in two ways', () => {
  const body = () => Buffer.from(JSON.stringify(line(1)));

  it('is refused: two Authorization headers, whichever is good', async () => {
    const good = `Authorization: Bearer ${await platform.operatorToken()}`;
    for (const other of [good, 'Authorization: Bearer a.b.c']) {
      const answer = await sendOrder([good, other], body());
      expect(answer).toMatch(/^HTTP\/1\.1 400 .*"validation-failed".*"path":"authorization"/s);
    }
  });

  it('is refused: two keys, which Node would join to a third', async () => {
    const answer = await sendOrder(['Idempotency-Key: a', 'Idempotency-Key: b'], body());
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*"path":"idempotency-key"/s);
    expect(await countRows()).toEqual(rowsBefore);
  });

  it('is refused: a body in an encoding that is not decoded', () =>
    isRefused({ body: line(1), headers: { 'content-encoding': 'gzip' } }, 415, 'unsupported-media-type'));

  it.each(['1e1', '0x5', '05', '1.0', '', '%205'])('is refused: limit=%s', async (limit) => {
    const answer = await platform.api.get(`/products?limit=${limit}`);
    expect([answer.status, answer.body['code']]).toEqual([400, 'validation-failed']);
    expect(answer.body['errors']).toEqual([
      { path: 'limit', message: 'must be a whole number from 1 to 100, in digits' },
    ]);
  });
});

describe('a request that is refused before its body is there', () => {
  it.each([
    ['without a token', '/v1/orders', 'x', 401],
    ['with a token that is none', '/v1/orders', 'Bearer a.b.c', 401],
    ['at a path that leads nowhere', '/v1/nothing', 'x', 404],
  ])('is answered at once %s', async (_what, path, authorization, status) => {
    const { hostname, port } = new URL(platform.api.baseUrl);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(chunk.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});

describe('a list of items', () => {
  it('of 1,001 is refused', () =>
    isRefused(
      { body: orderOf(Array.from({ length: 1_001 }, () => ({ productId, quantity: 1 }))) },
      400,
      'validation-failed',
    ));
  it('that is empty is refused', () => isRefused({ body: orderOf([]) }, 400, 'validation-failed'));
  it('that is none is refused', () => isRefused({ body: orderOf('many') }, 400, 'validation-failed'));
});

describe('a body', () => {
  it.each(['', 'x'.repeat(501), 'a\u0000b', '\ud800', 7, null])(
    'with %j as address is refused',
    (shippingAddress) => isRefused({ body: { ...line(1), shippingAddress } }, 400, 'validation-failed'),
  );
  it('with an unknown field is refused', () =>
    isRefused({ body: { ...line(1), coupon: 'X' } }, 400, 'validation-failed'));
  it('of 5 MB is refused', () =>
    isRefused({ body: orderOf([], { shippingAddress: 'x'.repeat(5_000_000) }) }, 413, 'body-too-large'));
  it('of 5 MB is refused so that a client that reads only once it has sent everything gets the answer', async () => {
    const body = JSON.stringify(orderOf([], { shippingAddress: 'x'.repeat(5_000_000) }));
    const head = [
      'POST /v1/orders HTTP/1.1',
      `Host: ${new URL(platform.api.baseUrl).host}`,
      `Authorization: Bearer ${await platform.operatorToken()}`,
      'Idempotency-Key: too-large',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    expect(await sendAllThenRead(`${head.join('\r\n')}\r\n\r\n${body}`)).toMatch(
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
        { rawBody: JSON.stringify(line(1)), headers: { 'content-type': type } },
        415,
        'unsupported-media-type',
      ),
  );
});

describe('an Idempotency-Key', () => {
  it('that is missing is asked for', () =>
    isRefused({ body: line(1), headers: { 'idempotency-key': '' } }, 400, 'idempotency-key-missing'));
  it('of 256 characters is refused', () =>
    isRefused({ body: line(1), headers: { 'idempotency-key': 'k'.repeat(256) } }, 400, 'validation-failed'));
});

describe('a token', () => {
  it('may stand behind two spaces, as RFC 9110 allows', async () => {
    const headers = { authorization: `Bearer  ${await platform.operatorToken()}` };
    expect((await platform.api.call('GET', '/products', { token: null, headers })).status).toBe(200);
  });

  it('that is missing is asked for', () => isRefused({ body: line(1), token: null }, 401, 'token-missing'));
  it('that has expired is refused', async () =>
    isRefused({ body: line(1), token: await platform.customerToken(userId, '-1h') }, 401, 'token-expired'));
  it('of a customer can’t order for another, who might as well not exist', async () =>
    isRefused({ body: line(1), token: await platform.customerToken('42') }, 404, 'user-not-found'));
});

describe('duplicate products in one order', () => {
  it('become one line', async () => {
    const lines = [1, 2, 3].map((quantity) => ({ productId, quantity }));
    const answer = await platform.shop.order(userId, lines);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ items: [{ productId, quantity: 6 }], total: { amount: 2_700 } });
  });
});
