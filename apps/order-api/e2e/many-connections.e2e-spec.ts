import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, repetitions } from '@fourfold-tools/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

const CONNECTIONS = repetitions({ quick: 500, full: 10_000 });
const MOST = CONNECTIONS + 50;
/** Of a connection that sends nothing, or a part of its headers. */
const MOST_BYTES_EACH = 64 * 1024;
const UNENDED = 'GET /v1/products HTTP/1.1\r\nHost: x\r\nX-Slow: ';
/** Whatever else the process did meanwhile. */
const SLACK_BYTES = 64 * 1024 * 1024;

let platform: Platform;
beforeAll(async () => {
  const apiEnv = { HTTP_MAX_CONNECTIONS: String(MOST) };
  platform = await startPlatform({ name: 'connections', workers: 0, apiEnv });
});
afterAll(() => platform.stop());

/** A client that sends so much and no more. */
async function client(text: string): Promise<Socket> {
  const socket = connect(Number(new URL(platform.baseUrl).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

function memory(): number {
  const status = readFileSync(`/proc/${platform.apis[0]!.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1_024;
}

it(`${CONNECTIONS} connections that send nothing, or their headers without an end, hold up no other one`, async () => {
  const productId = await platform.shop.product(10);
  const userId = await platform.shop.user();
  const before = memory();
  const held = await clients(CONNECTIONS, (nth) => (nth % 2 === 0 ? '' : UNENDED));

  // As many as may be are accepted; more are closed at once, and are counted. First of all: those that do not end their
  // headers are closed after 10 s.
  const more = await clients(100, () => '');
  await eventually(() => more.filter(({ closed }) => closed).length >= 50);
  expect(await platform.apis[0]!.metrics()).toMatch(/http_server_connections_dropped_total\{[^}]*\} [1-9]/);
  for (const socket of more) socket.destroy();
  await eventually(() => isAnswered());

  for (let nth = 0; nth < 5; nth += 1) {
    expect((await platform.api.get(`/products/${productId}`)).status).toBe(200);
    await platform.shop.order(userId, [{ productId, quantity: 1 }]);
  }
  expect(memory() - before).toBeLessThan(CONNECTIONS * MOST_BYTES_EACH + SLACK_BYTES);
  for (const socket of held) socket.destroy();
  await eventually(() => isAnswered());
});

/** A hundred at a time: Node's backlog holds more. */
async function clients(count: number, textOf: (nth: number) => string): Promise<Socket[]> {
  const opened: Socket[] = [];
  while (opened.length < count) {
    const size = Math.min(100, count - opened.length);
    opened.push(...(await Promise.all(Array.from({ length: size }, (_, nth) => client(textOf(nth))))));
  }
  return opened;
}

const isAnswered = (): Promise<boolean> =>
  fetch(`${platform.baseUrl}/v1/products`).then(
    ({ status }) => status === 401,
    () => false,
  );
