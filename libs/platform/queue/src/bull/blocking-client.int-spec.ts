import { randomBytes } from 'node:crypto';
import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import Bull from 'bull';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asBlockingClient } from './blocking-client.js';

const LOOPS = 4;

let server: RedisServerFixture;
let unhandled: unknown[];
let clients: Redis[];
const notice = (reason: unknown) => unhandled.push(reason);

beforeEach(async () => {
  server = await RedisServerFixture.start();
  [unhandled, clients] = [[], []];
  process.on('unhandledRejection', notice);
});
afterEach(async () => {
  for (const client of clients) client.disconnect();
  await server.dispose();
  // Bull leaves some of what fails by that unhandled.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', notice);
});

/** A queue with a processor; `questions` counts what its blocking client has asked and Redis has not answered. */
async function worker(prepare: (client: Redis) => Redis, handle = () => Promise.resolve()) {
  let questions = 0;
  const createClient = (type: string): Redis => {
    const client = new Redis(server.url, { maxRetriesPerRequest: null, enableReadyCheck: false });
    client.on('error', () => {});
    clients.push(client);
    if (type !== 'bclient') return client;
    const ask = client.brpoplpush.bind(client) as (...parameters: unknown[]) => Promise<string | null>;
    const counted = (...parameters: unknown[]) => {
      questions += 1;
      return ask(...parameters).finally(() => (questions -= 1));
    };
    Object.assign(client, { brpoplpush: counted });
    return prepare(client);
  };
  const queue = new Bull('letters', { prefix: `{test-${randomBytes(5).toString('hex')}}`, createClient });
  queue.on('error', () => {});
  queue.process(LOOPS, handle).catch(() => {});
  await eventually(() => questions > 0);
  await new Promise((resolve) => setImmediate(resolve));
  return { queue, questions: () => questions };
}

describe('the connection on which a worker waits', () => {
  it('naive twin: Bull asks for as many jobs at once as it may run', async () => {
    const { questions } = await worker((client) => client);
    await eventually(() => questions() === LOOPS);
  });

  it('asks for one job at a time', async () => {
    const { queue, questions } = await worker(asBlockingClient);
    for (let jobs = 0; jobs < 10; jobs += 1) {
      await queue.add({});
      expect(questions()).toBeLessThanOrEqual(1);
    }
    await eventually(async () => (await queue.getCompletedCount()) === 10);
  });
});

/** Redis is away when this process pauses the queue, with a job in hand. */
async function pauseWithoutRedis(prepare: (client: Redis) => Redis): Promise<void> {
  let begun = false;
  const { queue } = await worker(prepare, () => {
    begun = true;
    return new Promise(() => {});
  });
  await queue.add({});
  await eventually(() => begun);
  await server.kill();
  void queue.pause(true).catch(() => {});
}

describe('a pause while Redis is away', () => {
  it('naive twin: a connection that Bull can’t make anew during a pause is a rejection that nothing handles', async () => {
    await pauseWithoutRedis((client) => client);
    await eventually(() => unhandled.length > 0);
  });

  it('leaves no rejection unhandled', async () => {
    let failed = 0;
    await pauseWithoutRedis((client) => {
      const connect = client.connect.bind(client);
      client.connect = () =>
        connect().catch((error: unknown) => {
          failed += 1;
          throw error;
        });
      return asBlockingClient(client);
    });
    await eventually(() => failed > 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });
});
