import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { eventually, gate } from '@fourfold-tools/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { register } from 'prom-client';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { AppError } from '@fourfold/kernel';
import { allow } from '../auth/access.js';
import { OverloadedError } from '../http/http.errors.js';
import { Admission } from './admission.js';
import type { AdmissionLimit } from './admission.limit.js';

const LIMIT = 20;
/** Stands for all that costs something: the first hook of the application. */
const begun = vi.fn();
/** Of a connection. */
const ended = vi.fn();

/** An app whose requests all wait, and which takes twenty at once. */
async function full(): Promise<{
  url: string;
  open: () => void;
  limit: AdmissionLimit;
  admission: Admission;
}> {
  register.clear();
  begun.mockClear();
  ended.mockClear();
  const admission = new Admission({
    targetMs: 1_000,
    least: LIMIT,
    first: LIMIT,
    most: LIMIT,
    hstsSeconds: 600,
  });
  const app: FastifyInstance = Fastify({
    serverFactory: (handle) =>
      createServer(admission.around((request, response) => handle(request, response))).on(
        'connection',
        (socket: Socket) => socket.once('close', ended),
      ),
  });
  onTestFinished(() => app.close());
  admission.attach(app);
  app.setErrorHandler<AppError>((error, _request, reply) => reply.code(error.status).send(error.message));
  app.addHook('onRequest', (request, _reply, done) => {
    begun();
    if (request.headers['x-waits'] !== undefined) admission.setAside(request.raw);
    done(request.headers['x-refused'] === undefined ? undefined : new OverloadedError());
  });
  const { passed, open } = gate();
  onTestFinished(() => open());
  for (const [method, url, access] of [
    ['GET', '/v1/products', 'customers'],
    ['GET', '/v1/products/:id', 'customers'],
    ['POST', '/v1/orders', 'customers'],
    ['POST', '/v1/products', 'operators'],
    ['GET', '/v1/admin/queues/:name', 'operators'],
    ['GET', '/docs', 'public'],
    ['POST', '/v1/open', 'public'],
  ] as const)
    app.route({ method, url, config: allow(access), handler: () => passed.then(() => 'answered') });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return { url, open, limit: admission.limit, admission };
}

const post = (url: string, path = '/v1/orders', body = '{}') =>
  fetch(`${url}${path}`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });

it('a process with as much in hand as it can answer refuses lists, then reads, then orders, and operators never', async () => {
  const { url, open, limit } = await full();
  const held = Array.from({ length: 15 }, () => post(url));
  await eventually(() => limit.inHand === 15);
  // Two of them are always accepted, as four reads are and eight writes.
  const lists = [1, 2].map((page) => fetch(`${url}/v1/products?page=${page}`));
  await eventually(() => limit.inHand === 17);
  const before = begun.mock.calls.length;
  expect((await fetch(`${url}/v1/products?limit=5`)).status).toBe(503);
  expect((await fetch(`${url}/v1/%70roducts`)).status).toBe(503);
  const reads = [1, 2, 3, 4].map((id) => fetch(`${url}/v1/products/${id}`));
  await eventually(() => limit.inHand === 21);
  expect((await fetch(`${url}/v1/products/5`)).status).toBe(503);
  expect((await post(url)).status).toBe(503);
  expect(begun.mock.calls.length - before).toBe(reads.length);
  const operators = ['/v1/admin/queues/email', '/docs'].map((path) => fetch(`${url}${path}`));
  operators.push(post(url, '/v1/products'));
  await eventually(() => begun.mock.calls.length === before + reads.length + operators.length);
  open();
  for (const answer of await Promise.all([...held, ...lists, ...reads, ...operators]))
    expect(answer.status).toBe(200);
  await eventually(() => limit.inHand === 0);
  for (const again of ['/v1/products', '/v1/products/1'])
    expect((await fetch(`${url}${again}`)).status).toBe(200);
  const metrics = await register.metrics();
  for (const [priority, times] of Object.entries({ list: 2, read: 1, write: 1 }))
    expect(metrics).toContain(`http_shed_total{priority="${priority}"} ${times}`);
});

it('a refusal is a problem with a request id and a time to come again, and the connection stays', async () => {
  const { url, limit } = await full();
  Array.from({ length: LIMIT }, () => void post(url).catch(() => {}));
  await eventually(() => limit.inHand === LIMIT);
  const answer = await fetch(`${url}/v1/orders`, {
    method: 'POST',
    body: 'x'.repeat(100_000),
    headers: { 'x-request-id': 'a-caller-s-own-id' },
  });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(answer.headers.get('x-request-id')).toBe('a-caller-s-own-id');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('strict-transport-security')).toBe('max-age=600');
  expect(await answer.json()).toMatchObject({
    code: 'overloaded',
    status: 503,
    requestId: 'a-caller-s-own-id',
  });

  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
  const refusals = () => received.split('HTTP/1.1 503').length - 1;
  const body = 'y'.repeat(50_000);
  for (let nth = 1; nth <= 3; nth += 1) {
    socket.write(`POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await eventually(() => refusals() === nth);
  }
  expect(received).not.toMatch(/connection: close/i);
});

/** The head of an order that has a body of ten bytes, none of which has been sent. */
function upload(url: string): Socket {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  socket.write('POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n');
  socket.write('Content-Length: 10\r\n\r\n');
  return socket.setEncoding('utf8');
}

it('clients that do not send their body take no place', async () => {
  const { url, open, limit } = await full();
  const [uploads, leave] = [Array.from({ length: 30 }, () => upload(url)), vi.spyOn(limit, 'leave')];
  await eventually(() => begun.mock.calls.length === uploads.length && limit.inHand === 0);
  const orders = Array.from({ length: LIMIT }, () => post(url));
  await eventually(() => limit.inHand === LIMIT);
  open();
  for (const order of orders) expect((await order).status).toBe(200);
  for (const socket of uploads) socket.destroy();
  await eventually(() => limit.inHand === 0);
  expect(leave).toHaveBeenCalledTimes(orders.length);
});

it('a body that comes late is in hand from then on, and is refused when the process has become full', async () => {
  const { url, open, limit } = await full();
  const [first, second] = [upload(url), upload(url)];
  await eventually(() => begun.mock.calls.length === 2 && limit.inHand === 0);
  first.write('[1,2,3,45]');
  await eventually(() => limit.inHand === 1);
  const orders = Array.from({ length: LIMIT - 1 }, () => post(url));
  await eventually(() => limit.inHand === LIMIT);
  let received = '';
  second.on('data', (text: string) => (received += text)).write('[1,2,3,45]');
  await eventually(() => received.includes('in time'));
  expect(received).toMatch(/^HTTP\/1.1 503 [^]*retry-after: \d/i);
  open();
  for (const order of orders) expect((await order).status).toBe(200);
  await eventually(() => limit.inHand === 0);
});

it('a small body that comes with its headers is in hand at once', async () => {
  const { admission, limit } = await full();
  const [arrived, answer] = [vi.fn(), gate()];
  const server = createServer(
    admission.around((_request, response) => {
      arrived();
      void answer.passed.then(() => response.end());
    }),
  ).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write('POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n[1,2,3,45]');
  await eventually(() => arrived.mock.calls.length === 1);
  await setImmediate();
  await setImmediate();
  expect(limit.inHand).toBe(1);
  answer.open();
  await eventually(() => limit.inHand === 0);
});

it.each([
  { took: 'longer than it should, and counts as slow', targetMs: 0, samples: 1 },
  { took: 'so short that it was stopped: how short says nothing', targetMs: 60_000, samples: 0 },
])('one whose client goes stays in hand until its handler has ended; it took $took', async (of) => {
  const { url, open, limit } = await full();
  vi.spyOn(limit, 'targetMs', 'get').mockReturnValue(of.targetMs);
  const leave = vi.spyOn(limit, 'leave');
  const client = connect(Number(new URL(url).port), '127.0.0.1');
  client.write('GET /v1/products/1 HTTP/1.1\r\nHost: x\r\n\r\n');
  await eventually(() => limit.inHand === 1);
  client.destroy();
  await eventually(() => ended.mock.calls.length === 1);
  expect(limit.inHand).toBe(1);
  open();
  await eventually(() => limit.inHand === 0);
  expect(leave).toHaveBeenCalledTimes(of.samples);
});

it('one that waits for its caller is in hand again with its turn, and is counted once at its end', async () => {
  const { url, open, limit } = await full();
  const leave = vi.spyOn(limit, 'leave');
  const answer = fetch(`${url}/v1/products/1`, { headers: { 'x-waits': '' } });
  await eventually(() => limit.inHand === 1);
  open();
  expect((await answer).status).toBe(200);
  expect(limit.inHand).toBe(0);
  expect(leave).toHaveBeenCalledTimes(1);
});

it('how quickly a hook refuses says nothing of how quickly orders are placed', async () => {
  const { url, limit } = await full();
  const leave = vi.spyOn(limit, 'leave');
  expect((await fetch(`${url}/v1/products/1`, { headers: { 'x-refused': '' } })).status).toBe(503);
  expect(limit.inHand).toBe(0);
  expect(leave).not.toHaveBeenCalled();
});

it('nothing is refused where no target is set', async () => {
  register.clear();
  const admission = new Admission({ targetMs: 0 });
  for (let nth = 0; nth < 10_000; nth += 1) {
    expect(admission.limit.admits('list')).toBe(true);
    admission.limit.enter('list');
  }
});
