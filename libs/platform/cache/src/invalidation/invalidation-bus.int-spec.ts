import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { eventually, FaultProxy, RedisServerFixture } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freshPrefix, IMPATIENT, TestCaches } from '../testing/test-caches.js';

let server: RedisServerFixture;
let caches: TestCaches;
beforeAll(async () => {
  server = await RedisServerFixture.start();
  caches = new TestCaches(server.url);
});
afterAll(async () => {
  caches.closeAll();
  server.thaw();
  await server.dispose();
});

/** A way to Redis on which each answer is so late, in a thread of its own: it goes on while this one is busy. */
const LATE_ANSWERS = `
  const { connect, createServer } = require('node:net');
  const { parentPort, workerData } = require('node:worker_threads');
  const server = createServer({ noDelay: true }, (client) => {
    const redis = connect({ port: workerData.port, host: '127.0.0.1', noDelay: true });
    client.pipe(redis);
    redis.on('data', (answer) => setTimeout(() => client.write(answer), workerData.lateMs));
    for (const [end, other] of [[client, redis], [redis, client]])
      end.on('error', () => {}).on('close', () => other.destroy());
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

/** As a large answer does while it is made: nothing else of this process runs meanwhile. */
function hold(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

describe('the invalidation bus', () => {
  it('is not cut off because the process was too busy to see the answer to a heartbeat', async () => {
    // Late enough to come while the process is busy, whose next timers run before it looks at its sockets.
    const workerData = { port: Number(new URL(server.url).port), lateMs: 100 };
    const way = new Worker(LATE_ANSWERS, { eval: true, workerData });
    const [port] = (await once(way, 'message')) as [number];
    const late = new TestCaches(`redis://127.0.0.1:${port}`);
    onTestFinished(async () => {
      late.closeAll();
      await way.terminate();
    });
    const { bus, cache } = await late.open(freshPrefix(), IMPATIENT);
    await eventually(async () => {
      await cache.getOrLoad('user', '1', async () => 'v');
      return cache.stats().l1.state === 'serving' && cache.stats().l1.entries === 1;
    });
    const endMs = performance.now() + 2_500;
    while (performance.now() < endMs) {
      hold(350);
      await new Promise(setImmediate);
    }
    await new Promise(setImmediate);
    expect({ losses: bus.losses, state: cache.stats().l1.state }).toEqual({ losses: 0, state: 'serving' });
    expect(cache.stats().l1.entries).toBe(1);
  });

  it('is not cut off because answers take longer than a command may', async () => {
    const proxy = await new FaultProxy(server.url).open();
    const slow = new TestCaches(proxy.url);
    const redis = server.client();
    onTestFinished(async () => {
      redis.disconnect();
      slow.closeAll();
      await proxy.close();
    });
    const { bus } = await slow.open(freshPrefix(), { commandTimeoutMs: 300 });
    proxy.slowBy(200);
    const questions = async () =>
      Number(/cmdstat_ping:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
    const before = await questions();
    // Each is asked a second after the answer before it.
    await eventually(async () => (await questions()) >= before + 3);
    expect(bus.losses).toBe(0);
  });

  it('is cut off when heartbeats stay unanswered, and live again when they are answered', async () => {
    const { bus } = await caches.open(freshPrefix(), IMPATIENT);
    server.freeze();
    await eventually(() => !bus.live);
    server.thaw();
    await eventually(() => bus.live);
    expect(bus.losses).toBe(1);
  });
});
