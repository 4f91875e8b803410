import { FaultProxy, RedisServerFixture } from '@fourfold-tools/testing';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { repaired } from './client-repairs.js';

let server: RedisServerFixture;
let proxy: FaultProxy;

beforeEach(async () => {
  server = await RedisServerFixture.start();
  proxy = await new FaultProxy(server.url).open();
});
afterEach(async () => {
  await proxy.close();
  await server.dispose();
});

/** Breaks a connection that waits for an answer. @returns how many there were when later answers came in time */
async function connectionsAfterBreak(prepare: (client: Redis) => unknown): Promise<number> {
  const client = new Redis(proxy.url, {
    socketTimeout: 1_500,
    maxRetriesPerRequest: null,
    retryStrategy: () => 20,
  });
  client.on('error', () => {});
  prepare(client);
  await client.ping();
  const before = proxy.accepted;
  const waits = client.blpop('nothing-comes', 0.5);
  proxy.breakConnections();
  await waits;
  for (let round = 0; round < 3; round += 1) await client.blpop('nothing-comes', 0.5);
  client.disconnect();
  return proxy.accepted - before;
}

it('a connection that answers is kept, also when the one before it broke while it was asked', async () => {
  expect(await connectionsAfterBreak(repaired)).toBe(1);
});

it('naive twin: ioredis takes the silence of the broken one for that of the next, and ends it', async () => {
  expect(await connectionsAfterBreak(() => {})).toBe(2);
});
