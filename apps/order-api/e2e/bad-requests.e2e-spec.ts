import { once } from 'node:events';
import { connect } from 'node:net';
import type { CallOptions } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RefusedOrders } from './refused.orders.js';

let refused: RefusedOrders;

beforeAll(async () => {
  refused = await RefusedOrders.open();
});
afterAll(() => refused?.platform.stop());

const isRefused = async (options: CallOptions, status: number, code: string): Promise<void> => {
  await refused.problemOf(options, status, code);
};

describe('a path', () => {
  it.each(['/products/1%ff', `/products/${'1'.repeat(500)}`])(
    'that can’t be read is a problem like any other',
    async (path) => {
      const answer = await refused.platform.api.get(path);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect([answer.status, answer.body['code']]).toEqual([400, 'bad-request']);
      expect(answer.headers.get('x-request-id')).toBe(answer.body['requestId']);
    },
  );

  it('with headers of 20 kB is a problem like any other', async () => {
    const answer = await refused.platform.api.call('GET', '/products', {
      headers: { 'x-big': 'x'.repeat(20_000) },
    });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect([answer.status, answer.body['code']]).toEqual([431, 'headers-too-large']);
    expect(answer.headers.get('x-request-id')).toBe(answer.body['requestId']);
  });

  it('that leads nowhere is a problem like any other', async () => {
    const answer = await refused.platform.api.get('/nothing');
    expect([answer.status, answer.body['code']]).toEqual([404, 'not-found']);
  });
});

describe('what Node answers by itself where it is not asked', () => {
  const raw = async (...head: string[]) =>
    refused.sendAllThenRead(`${[...head, 'Connection: close'].join('\r\n')}\r\n\r\n`);
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
    const [head, tail] = JSON.stringify({ ...refused.line(1), shippingAddress: 'X' }).split('X') as [
      string,
      string,
    ];
    return Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(tail)]);
  };

  it.each([[[0xff]], [[0xc3]], [[0xed, 0xa0, 0x80]], [[0xc0, 0xaf]], [[0xf4, 0x90, 0x80, 0x80]]])(
    'is refused in a body, and nothing is stored: %j',
    async (bytes) => {
      expect(await refused.sendOrder([], bodyOf(bytes))).toMatch(/^HTTP\/1\.1 400 .*"malformed-json"/s);
      await refused.expectNoRow();
    },
  );

  it.each(['latin1', 'utf-16'])('is refused by its name: charset=%s', (charset) =>
    isRefused(
      { body: refused.line(1), headers: { 'content-type': `application/json; charset=${charset}` } },
      415,
      'unsupported-media-type',
    ),
  );

  it('is refused in a header', async () => {
    const answer = await refused.sendOrder(['Idempotency-Key: \xff'], bodyOf([0x61]));
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*"bad-request"/s);
    await refused.expectNoRow();
  });

  it.each(['/users?namePrefix=%ff', '/users?namePrefix=%ED%A0%80', '/users?namePrefix=%'])(
    'is refused in a URL: %s',
    async (path) => {
      const answer = await refused.platform.api.get(path);
      expect([answer.status, answer.body['code']]).toEqual([400, 'bad-request']);
    },
  );
});

describe('what can be read in two ways', () => {
  const body = () => Buffer.from(JSON.stringify(refused.line(1)));

  it('is refused: two Authorization headers, whichever is good', async () => {
    const good = `Authorization: Bearer ${await refused.platform.operatorToken()}`;
    for (const other of [good, 'Authorization: Bearer a.b.c']) {
      const answer = await refused.sendOrder([good, other], body());
      expect(answer).toMatch(/^HTTP\/1\.1 400 .*"validation-failed".*"path":"authorization"/s);
    }
  });

  it('is refused: two keys, which Node would join to a third', async () => {
    const answer = await refused.sendOrder(['Idempotency-Key: a', 'Idempotency-Key: b'], body());
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*"path":"idempotency-key"/s);
    await refused.expectNoRow();
  });

  it('is refused: a body in an encoding that is not decoded', () =>
    isRefused(
      { body: refused.line(1), headers: { 'content-encoding': 'gzip' } },
      415,
      'unsupported-media-type',
    ));

  it.each(['1e1', '0x5', '05', '1.0', '', '%205'])('is refused: limit=%s', async (limit) => {
    const answer = await refused.platform.api.get(`/products?limit=${limit}`);
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
    const { hostname, port } = new URL(refused.platform.api.baseUrl);
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
