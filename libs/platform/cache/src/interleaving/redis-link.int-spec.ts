import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { RedisLink } from '../testing/interleaving/redis-link.js';
import { freshPrefix } from '../testing/test-caches.js';

let server: RedisServerFixture;
let redis: Redis;
let link: RedisLink;
let linked: Redis;
let key: string;

beforeAll(async () => {
  server = await RedisServerFixture.start();
  redis = server.client();
});
beforeEach(async () => {
  key = freshPrefix();
  link = await RedisLink.open(server.url);
  onTestFinished(() => link.close());
  linked = client({});
});
afterAll(async () => {
  redis.disconnect();
  await server.dispose();
});

/** One that fails at once where its connection breaks. */
function client(options: { retryStrategy?: () => number }): Redis {
  const made = new Redis(link.url, { retryStrategy: () => null, maxRetriesPerRequest: 0, ...options });
  made.on('error', () => {});
  onTestFinished(() => made.disconnect());
  return made;
}

describe('a request that is lost', () => {
  it('before Redis: was never carried out', async () => {
    await linked.ping();
    link.loseNext('before');
    await expect(linked.incr(key)).rejects.toThrow('closed');
    expect(await redis.get(key)).toBeNull();
  });

  it('after Redis: was carried out', async () => {
    await linked.ping();
    link.loseNext('after');
    await expect(linked.incr(key)).rejects.toThrow('closed');
    expect(await redis.get(key)).toBe('1');
  });

  it('on its way: is carried out when the link is healed', async () => {
    await linked.ping();
    link.loseNext('late');
    await expect(linked.incr(key)).rejects.toThrow('closed');
    expect(await redis.get(key)).toBeNull();
    link.heal();
    await eventually(async () => (await redis.get(key)) === '1');
  });

  it('is lost alone: the next connection works', async () => {
    const patient = client({ retryStrategy: () => 1 });
    await patient.ping();
    link.loseNext('before');
    await patient.ping().catch(() => {});
    expect(await patient.ping()).toBe('PONG');
  });
});

describe('what is held', () => {
  it('requests: wait in their order, and Redis sees none', async () => {
    await linked.ping();
    link.hold('requests');
    const answers = Promise.all([linked.incr(key), linked.incr(key)]);
    expect(await redis.get(key)).toBeNull();
    link.heal();
    expect(await answers).toEqual([1, 2]);
  });

  it('answers: wait, though Redis has given them', async () => {
    await linked.ping();
    link.hold('answers');
    const answer = linked.incr(key);
    await eventually(async () => (await redis.get(key)) === '1');
    link.heal();
    expect(await answer).toBe(1);
  });

  it('messages: wait, and requests do not', async () => {
    const heard = vi.fn();
    const subscriber = client({});
    subscriber.on('message', heard);
    await subscriber.subscribe(key);
    link.hold('messages');
    const passed = link.passed('a message');
    await redis.publish(key, 'a message');
    expect(await linked.ping()).toBe('PONG');
    expect(heard).not.toHaveBeenCalled();
    link.heal();
    await passed;
    await eventually(() => heard.mock.calls.length > 0);
  });
});

describe('a cut', () => {
  it('of the subscription leaves the commands, and ends every wait for a message', async () => {
    const subscriber = client({});
    await subscriber.subscribe(key);
    const passed = link.passed('never sent');
    link.cut('subscription');
    await passed;
    await eventually(() => subscriber.status === 'end');
    expect(await linked.ping()).toBe('PONG');
  });

  it('of the commands leaves the subscription', async () => {
    const subscriber = client({});
    await subscriber.subscribe(key);
    await linked.ping();
    link.cut('commands');
    await eventually(() => linked.status === 'end');
    expect(subscriber.status).toBe('ready');
  });

  it('of both refuses new connections until the link is healed', async () => {
    const patient = client({ retryStrategy: () => 1 });
    await patient.ping();
    link.cut('both');
    await expect(patient.ping()).rejects.toThrow();
    link.heal();
    expect(await eventually(() => patient.ping())).toBe('PONG');
  });
});
