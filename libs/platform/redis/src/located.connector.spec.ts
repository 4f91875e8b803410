import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RedisSource } from './redis.source.js';

/** Says OK to everything. */
let master: Server;
/** Says nothing until it is told to, and then who the master is. */
let sentinel: Server;
let sockets: Socket[];
let speaks: boolean;
let client: Redis;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function listening(answer: (socket: Socket, text: string) => void): Promise<Server> {
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.on('data', (data) => answer(socket, data.toString()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

beforeEach(async () => {
  [sockets, speaks] = [[], false];
  master = await listening((socket, text) =>
    socket.write('+OK\r\n'.repeat(text.match(/^\*/gm)?.length ?? 0)),
  );
  sentinel = await listening((socket, text) => {
    if (!speaks) return;
    socket.write('+OK\r\n'.repeat(text.match(/setinfo/gi)?.length ?? 0));
    const port = String(portOf(master));
    if (/get-master/i.test(text)) socket.write(`*2\r\n$9\r\n127.0.0.1\r\n$${port.length}\r\n${port}\r\n`);
    if (/sentinels/i.test(text)) socket.write('*0\r\n');
  });
});
afterEach(() => {
  client.disconnect();
  for (const socket of sockets) socket.destroy();
  for (const server of [master, sentinel]) server.close();
});

/** As Bull does it to a client of a queue that is paused. @returns its state when its next connection has broken */
async function endedWhileItAsks(): Promise<string> {
  await once(sentinel, 'connection');
  const ended = once(client, 'end');
  client.disconnect();
  speaks = true;
  await ended;
  await client.connect();
  const closed = once(client, 'close');
  for (const socket of sockets) socket.destroy();
  await closed;
  await new Promise(setImmediate);
  return client.status;
}

it('a client that is ended while it asks a Sentinel connects again after the next break', async () => {
  const redis = `redis+sentinel://127.0.0.1:${portOf(sentinel)}/main`;
  client = new RedisSource({ redis, option: 'redis', prefix: '{test}' }).waiting({ silenceMs: 5_000 });
  expect(await endedWhileItAsks()).toBe('reconnecting');
});

it('naive twin: with ioredis’ own connector it does not', async () => {
  client = new Redis({
    sentinels: [{ host: '127.0.0.1', port: portOf(sentinel) }],
    name: 'main',
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: () => 50,
    sentinelCommandTimeout: 50,
  });
  client.on('error', () => {});
  expect(await endedWhileItAsks()).toBe('end');
});
