import { randomBytes } from 'node:crypto';
import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import type { Redis } from 'ioredis';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClientApp } from './testing/client-app.js';
import { QueueApp } from './testing/queue-app.js';
import { RedisOutboxSignal } from './redis-outbox.signal.js';

let server: RedisServerFixture;
let api: ClientApp;
let worker: QueueApp;
let spy: Redis;
let prefix: string;
let heard: number;
let published: number;

beforeEach(async () => {
  register.resetMetrics();
  prefix = `{test-${randomBytes(5).toString('hex')}}`;
  [heard, published] = [0, 0];
  server = await RedisServerFixture.start();
  api = await ClientApp.start(server.url, prefix);
  worker = await QueueApp.start(server.url, [], { prefix });
  await eventually(() => api.operations.overview());
  await eventually(async () => (await worker.queue().client.ping()) === 'PONG');
  spy = server.client();
  spy.on('message', () => (published += 1));
  await spy.subscribe(`${prefix}:outbox-nudge`);
});
afterEach(async () => {
  spy.disconnect();
  await Promise.all([api.close(), worker.close()]);
  await server.dispose();
});

const signal = () => worker.app.get(RedisOutboxSignal);

/** Listens, and forgets what the beginning of the subscription said. */
async function listen(): Promise<() => void> {
  const stop = signal().onNudge(() => (heard += 1));
  await eventually(() => heard === 1);
  heard = 0;
  return stop;
}

const lost = async () =>
  (await register.getSingleMetric('queue_nudges_total')!.get()).values.find(
    ({ labels }) => labels['outcome'] === 'lost',
  )?.value ?? 0;

describe('a nudge', () => {
  it('is heard by listeners in another process, and in the same one', async () => {
    await listen();
    api.signal.nudge();
    await eventually(() => heard === 1);
    signal().nudge();
    await eventually(() => heard === 2);
  });

  it('is not heard under another prefix', async () => {
    await listen();
    const stranger = await ClientApp.start(server.url, `${prefix}-other`);
    await eventually(() => stranger.operations.overview());
    stranger.signal.nudge();
    api.signal.nudge();
    await eventually(() => heard > 0);
    expect(heard).toBe(1);
    await stranger.close();
  });

  it('that comes with a thousand others is one message, and one that comes after a message is another', async () => {
    await listen();
    for (let n = 0; n < 1_000; n += 1) api.signal.nudge();
    await eventually(() => heard === 1);
    for (let n = 0; n < 1_000; n += 1) api.signal.nudge();
    await eventually(() => heard === 2);
    expect(published).toBe(2);
  });

  it('that comes while a message is on its way is not dropped', async () => {
    await listen();
    const sent = vi.spyOn(api.connection.client, 'publish');
    server.freeze();
    api.signal.nudge();
    await eventually(() => sent.mock.calls.length === 1);
    for (let n = 0; n < 1_000; n += 1) api.signal.nudge();
    server.thaw();
    await eventually(() => heard === 2);
  });

  it('reaches no relay and does no harm while Redis is away, and nothing is sent later for it', async () => {
    await listen();
    await server.kill();
    await eventually(() => expect(api.operations.overview()).rejects.toThrow());
    for (let n = 0; n < 100; n += 1) api.signal.nudge();
    await eventually(async () => expect(await lost()).toBeGreaterThan(0));
    published = 0;
    await server.start();
    await eventually(() => api.operations.overview());
    await eventually(() => heard === 1);
    expect(published).toBe(0);
  });

  it('is heard again after Redis was away', async () => {
    await listen();
    await server.kill();
    await server.start();
    // Said by the subscription itself: whatever was nudged in between was not heard.
    await eventually(() => heard === 1);
    await eventually(() => {
      api.signal.nudge();
      return heard > 1;
    });
  });
});

describe('a listener', () => {
  it('that stops listening hears nothing more, and the last one takes the connection with it', async () => {
    const subscribers = async () =>
      (await server.command('PUBSUB', 'NUMSUB', `${prefix}:outbox-nudge`)) as [string, number];
    const stop = await listen();
    let others = 0;
    const stopOther = signal().onNudge(() => (others += 1));
    stop();
    api.signal.nudge();
    await eventually(() => others === 1);
    expect(heard).toBe(0);
    stopOther();
    // The test's own.
    await eventually(async () => (await subscribers())[1] === 1);
    await listen();
    api.signal.nudge();
    await eventually(() => heard === 1);
  });
});
