import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { withDeadline } from '@fourfold/kernel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RedisSource } from '@fourfold/redis';
import { QueueConnections } from './queue.connections.js';

/** A Redis that leaves its first connection unanswered and says OK on every other. */
let server: Server;
let connections: QueueConnections;
let accepted: Socket[];

beforeEach(async () => {
  accepted = [];
  server = createServer((socket) => {
    const silent = accepted.push(socket) === 1;
    socket.on('data', (data) => {
      const commands = data.toString().match(/^\*/gm)?.length ?? 0;
      if (!silent) socket.write('+OK\r\n'.repeat(commands));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const redis = `redis://127.0.0.1:${port}`;
  connections = new QueueConnections(new RedisSource({ redis, option: 'redis', prefix: '{bull}' }), 60_000);
});
afterEach(() => {
  connections.close();
  for (const socket of accepted) socket.destroy();
  server.close();
});

/** As Bull does it to the client of a queue that is paused or closed right after its start. */
it.each(['client', 'subscriber', 'bclient'] as const)(
  'a %s that is ended while it connects stays so until it is connected again, and ends again',
  async (type) => {
    const client = connections.createClient(type);
    await once(client, 'connect');
    for (let round = 1; round <= 2; round += 1) {
      const ended = once(client, 'end');
      client.disconnect();
      await withDeadline(ended, 5_000, () => new Error(`Round ${round}: it never ends`));
      await turn();
      expect(client.status, `round ${round}`).toBe('end');
      await client.connect();
      expect(await client.client('SETNAME', 'one')).toBe('OK');
    }
    expect(accepted).toHaveLength(3);
  },
);
