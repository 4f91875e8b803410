import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// Headers of both ports: `../ports.e2e-spec.ts`. No stack, statement or message of a database: `../fuzz`.

let platform: Platform;
beforeAll(async () => {
  platform = await sharedPlatform();
});
afterAll(() => platform?.stop());

/** Over a plain socket: Node's client sends no such headers. */
async function raw(...lines: string[]): Promise<string> {
  const { hostname, port } = new URL(platform.baseUrl);
  const socket = connect(Number(port), hostname);
  socket.end(Buffer.from(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`, 'latin1'));
  return text(socket);
}

describe('another origin', () => {
  it.each(['https://evil.example', 'null', 'http://127.0.0.1:3000'])(
    'is given nothing: %s',
    async (origin) => {
      const headers = {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      };
      for (const method of ['OPTIONS', 'GET', 'POST']) {
        const answer = await platform.api.call(method, '/products', { headers });
        expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
      }
      expect((await platform.api.call('OPTIONS', '/products', { headers })).status).toBe(404);
    },
  );
});

it.each(['/v1/products', '/v1/nothing', '/openapi.json', '/docs'])(
  '%s does not say what answers it',
  async (path) => {
    const { headers } = await fetch(platform.baseUrl + path);
    for (const name of ['server', 'x-powered-by', 'via']) expect(headers.get(name), name).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  },
);

it.each(['TRACE', 'CONNECT', 'TRACK', 'DEBUG', 'PROPFIND'])(
  '%s is no method of a resource',
  async (method) => {
    const answer = await raw(`${method} /v1/products HTTP/1.1`, 'Host: x');
    expect(answer).toMatch(/^(HTTP\/1\.1 (400|404|405|501) |$)/);
    expect(answer).not.toContain('X-Secret');
  },
);

it.each(['x-http-method-override', 'x-method-override', 'x-http-method'])(
  '%s changes no method',
  async (name) => {
    const userId = await platform.shop.user();
    const answer = await platform.api.call('GET', `/users/${userId}`, {
      headers: { [name]: 'PATCH', 'if-match': '*' },
    });
    expect(answer.status).toBe(200);
  },
);

describe('a header', () => {
  it('is answered by no header that the request has made up', async () => {
    for (const value of [
      'a%0d%0aX-Evil: 1',
      'a\nX-Evil: 1',
      'a\rX-Evil: 1',
      'a\\r\\nX-Evil: 1',
      '\x85X-Evil: 1',
    ]) {
      const answer = await raw(
        `GET /v1/products?cursor=${encodeURIComponent(value)} HTTP/1.1`,
        'Host: x',
        `X-Request-Id: ${value}`,
      );
      expect(answer).not.toMatch(/^x-evil/im);
    }
  });

  it('that could end a request early is refused, not guessed at', async () => {
    const answers = [
      await raw('POST /v1/orders HTTP/1.1', 'Host: x', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
      await raw('POST /v1/orders HTTP/1.1', 'Host: x', 'Transfer-Encoding: xchunked'),
      await raw('POST /v1/orders HTTP/1.1', 'Host: x', 'Content-Length: -1'),
      await raw('GET /v1/products HTTP/1.1', 'Host: x', ' Continued: 1'),
      await raw('GET /v1/products HTTP/1.1', 'Host : x'),
    ];
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });
});

it('no request makes a line of the log that the platform has not written', async () => {
  const api = platform.apis[0]!;
  const mark = `mark-${Date.now()}`;
  for (const path of [`/v1/${mark}%0a%7B%22level%22:50%7D`, `/v1/products%0d%0a${mark}`, `/v1/${mark}%1b[2J`])
    await fetch(platform.baseUrl + path, { headers: { 'user-agent': `${mark} {"level":60}` } });
  await eventually(() => api.log.includes(mark));
  const lines = api.log.split('\n').slice(0, -1);
  expect(lines.filter((line) => line !== '' && !line.startsWith('{"'))).toEqual([]);
  // Escaped by JSON: a terminal that shows the log is told nothing.
  expect(api.log).not.toContain('\u001b');
});
