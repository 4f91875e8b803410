import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MailLimits } from './mail.limits.js';

let server: RedisServerFixture;
let redis: Redis;
let workers: MailLimits[] = [];
let run = 0;

beforeAll(async () => {
  server = await RedisServerFixture.start();
  redis = server.client();
});
afterAll(async () => {
  for (const one of workers) one.close();
  redis.disconnect();
  await server.dispose();
});
beforeEach(() => {
  for (const one of workers) one.close();
  workers = [];
  run += 1;
});

/** Of one of several workers: they share a prefix. */
async function limits(most: { perSecond?: number; perRecipientHour?: number }): Promise<MailLimits> {
  const one = new MailLimits({ limits: { redis: server.url, prefix: `{limits-${run}}`, ...most } });
  workers.push(one);
  // It is a moment until there is a connection.
  await eventually(() => one.turnOf('first', 'first@example.com').then(() => true));
  await redis.del(...(await keys()), 'none');
  return one;
}

const keys = () => redis.keys(`{limits-${run}}:mail-limit:*`);

/** How long a mail has to wait, ms; 0 when its turn has come. */
const waitOf = (one: MailLimits, messageId: string, address = `${messageId}@example.com`): Promise<number> =>
  one.turnOf(messageId, address).then(
    () => 0,
    (error: { delayMs: number }) => error.delayMs,
  );

/** As if so much time had passed: all times in Redis are that much earlier. */
async function later(ms: number): Promise<void> {
  const earlier = (time: string | null) => (Number(time) - ms).toFixed(3);
  for (const key of await keys())
    if ((await redis.type(key)) === 'string') await redis.set(key, earlier(await redis.get(key)), 'KEEPTTL');
    else
      for (const [field, at] of Object.entries(await redis.hgetall(key)))
        await redis.hset(key, field, earlier(at));
}

/** Asks for each mail when its wait is over, until all are sent. @returns how often that was */
async function asksFor(mails: number, ask: (mail: string) => Promise<number>, pass = later): Promise<number> {
  let asks = 0;
  let waiting = Array.from({ length: mails }, (_, index) => ({ mail: `m${index}`, wait: 0 }));
  while (waiting.length > 0) {
    const next = Math.min(...waiting.map(({ wait }) => wait));
    await pass(next);
    const still: typeof waiting = [];
    for (const { mail, wait } of waiting)
      if (wait > next) still.push({ mail, wait: wait - next });
      else {
        asks += 1;
        const left = await ask(mail);
        if (left > 0) still.push({ mail, wait: left });
      }
    waiting = still;
  }
  return asks;
}

describe('the limit of all mails', () => {
  it('is kept by several workers together: so many at once, and the others evenly after them', async () => {
    const two = [await limits({ perSecond: 10 }), await limits({ perSecond: 10 })];
    const waits = await Promise.all(
      Array.from({ length: 40 }, (_, index) => waitOf(two[index % 2]!, `m${index}`)),
    );
    const sorted = waits.toSorted((a, b) => a - b);
    // While they ask, a moment passes: some more may be due.
    const atOnce = sorted.filter((wait) => wait === 0).length;
    expect(atOnce).toBeGreaterThanOrEqual(10);
    const waiting = sorted.slice(atOnce);
    waiting.slice(1).forEach((wait, index) => expect(wait - waiting[index]!).toBeGreaterThan(85));
    expect(new Set(waiting).size).toBe(waiting.length);
  });

  it('gives each mail its time once: it comes back to it, however often it asks', async () => {
    const one = await limits({ perSecond: 1 });
    expect(await waitOf(one, 'a')).toBe(0);
    const waits = [await waitOf(one, 'b'), await waitOf(one, 'c')];
    expect(waits[0]).toBeGreaterThan(800);
    expect(waits[1]! - waits[0]!).toBeGreaterThan(800);
    expect(await waitOf(one, 'b')).toBeLessThanOrEqual(waits[0]!);
    await later(waits[0]!);
    expect(await waitOf(one, 'b')).toBe(0);
    expect(await waitOf(one, 'c')).toBeGreaterThan(0);
    // An attempt that failed is sent anew: it needs a turn again.
    expect(await waitOf(one, 'b')).toBeGreaterThan(800);
  });

  it('has a mail ask twice at most, however many wait', async () => {
    const one = await limits({ perSecond: 5 });
    expect(await asksFor(40, (mail) => waitOf(one, mail))).toBeLessThanOrEqual(80);
  });

  it('naive twin: of a counter a second, all that wait ask again in each', async () => {
    let [now, sent] = [0, new Map<number, number>()];
    const counter = (): Promise<number> => {
      const second = Math.floor(now / 1_000);
      const count = (sent.get(second) ?? 0) + 1;
      sent = sent.set(second, count);
      return Promise.resolve(count > 5 ? 1_000 - (now % 1_000) : 0);
    };
    expect(await asksFor(40, counter, async (ms) => void (now += ms))).toBeGreaterThan(160);
  });
});

describe('the limit of one address', () => {
  it('holds no mail to another one, in any spelling of its own', async () => {
    const one = await limits({ perRecipientHour: 2 });
    expect(await waitOf(one, 'a', 'ada@example.com')).toBe(0);
    expect(await waitOf(one, 'b', 'ADA@example.com')).toBe(0);
    const wait = await waitOf(one, 'c', 'ada@example.com');
    expect(wait).toBeGreaterThan(1_700_000);
    expect(wait).toBeLessThanOrEqual(1_800_000);
    expect(await waitOf(one, 'd', 'bob@example.com')).toBe(0);
  });

  it('takes no place in the line of all for a mail that waits for its address', async () => {
    const one = await limits({ perSecond: 1, perRecipientHour: 1 });
    expect(await waitOf(one, 'a', 'ada@example.com')).toBe(0);
    for (const message of ['b', 'c', 'd'])
      expect(await waitOf(one, message, 'ada@example.com')).toBeGreaterThan(3_000_000);
    await later(1_000);
    expect(await waitOf(one, 'e', 'bob@example.com')).toBe(0);
  });

  it('leaves no address in Redis', async () => {
    const one = await limits({ perSecond: 1, perRecipientHour: 1 });
    await waitOf(one, 'a', 'ada@example.com');
    await waitOf(one, 'b', 'ada@example.com');
    const all = await keys();
    expect(all.length).toBeGreaterThan(1);
    expect(all.join()).not.toMatch(/ada|example/);
    for (const key of all) expect(await redis.pttl(key)).toBeGreaterThan(0);
  });
});

describe('without limits', () => {
  it.each([undefined, { redis: 'redis://127.0.0.1:1', prefix: '{none}' }])(
    'no mail waits, and no Redis is asked: %j',
    async (given) => {
      const none = new MailLimits({ limits: given });
      expect(await waitOf(none, 'a')).toBe(0);
      none.close();
    },
  );
});

it('a Redis that does not answer has each mail wait a moment: the limit is kept', async () => {
  const one = await limits({ perSecond: 1_000 });
  server.freeze();
  expect(await waitOf(one, 'a')).toBe(1_000);
  server.thaw();
  await eventually(async () => (await waitOf(one, 'a')) === 0);
});
