import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { RateExchange } from './rate.exchange.js';
import { RateWindow } from './rate.window.js';

const HOUR_MS = 3_600_000;
/** At the beginning of an hour, so that the hour before counts in whole. */
const NOW = 500_000 * HOUR_MS;

let redis: RedisServerFixture;
beforeAll(async () => void (redis = await RedisServerFixture.start()));
afterAll(() => redis.dispose());

/** A window as one process has it. It exchanges when it is told to. */
async function processOf(prefix: string) {
  let nowMs = NOW;
  const window = new RateWindow({ name: 'caller', most: 100, windowMs: HOUR_MS }, () => nowMs);
  const exchange = new RateExchange([window], { redis: { url: redis.url }, prefix });
  await exchange.connect();
  onTestFinished(() => exchange.stop());
  return {
    window,
    exchange: () => exchange.exchange(),
    left: () => window.look('192.0.2.1', 1).remaining,
    take: (cost: number) => window.take('192.0.2.1', cost).isAllowed,
    nextHour: () => void (nowMs += HOUR_MS),
  };
}

const keysOf = async (prefix: string) =>
  ((await redis.command('KEYS', `${prefix}:rates:*`)) as string[]).toSorted();

it('processes know of each other after an exchange, and Redis sees no key that is an address', async () => {
  const [one, other] = [await processOf('shared'), await processOf('shared')];
  one.take(60);
  other.take(30);
  await one.exchange();
  await other.exchange();
  expect([one.left(), other.left()]).toEqual([40, 10]);
  one.take(1);
  await one.exchange();
  expect([one.left(), other.left()]).toEqual([9, 10]);
  const keys = await keysOf('shared');
  expect(keys).toHaveLength(1);
  expect(keys[0]).toMatch(/^shared:rates:caller:500000:[\w-]{22}$/);
  expect(Number(await redis.command('PTTL', keys[0]!))).toBeGreaterThan(HOUR_MS);
});

it('what was told twice counts once: an answer may be lost', async () => {
  const [one, other] = [await processOf('twice'), await processOf('twice')];
  one.take(60);
  const unsent = one.window.takeUnsent();
  one.window.untold(unsent);
  await one.exchange();
  one.window.untold(unsent);
  await one.exchange();
  other.take(1);
  await other.exchange();
  expect([one.left(), other.left()]).toEqual([40, 39]);
});

it('a process that begins knows what others counted in the hour before', async () => {
  const [one, other] = [await processOf('before'), await processOf('before')];
  one.take(90);
  await one.exchange();
  other.nextHour();
  other.take(1);
  await other.exchange();
  expect(other.left()).toBe(9);
});

it('a Redis that has lost all opens no limit again', async () => {
  const [one, other] = [await processOf('flushed'), await processOf('flushed')];
  one.take(60);
  other.take(30);
  await one.exchange();
  await other.exchange();
  await redis.command('FLUSHALL');
  other.take(5);
  await other.exchange();
  expect(other.left()).toBe(5);
  one.take(1);
  await one.exchange();
  expect(one.left()).toBe(4);
});

it('while Redis is away each process keeps its own limit, and all is told when it is back', async () => {
  const [one, other] = [await processOf('away'), await processOf('away')];
  await redis.kill();
  expect(one.take(60)).toBe(true);
  await expect(one.exchange()).rejects.toThrow();
  expect(one.take(41)).toBe(false);
  expect(one.take(10)).toBe(true);
  await redis.start();
  await eventually(() => one.exchange());
  other.take(1);
  await eventually(() => other.exchange());
  expect(other.left()).toBe(29);
});

it('exchanges once a second by itself', async () => {
  const window = new RateWindow({ name: 'caller', most: 100, windowMs: HOUR_MS }, () => NOW);
  const exchange = new RateExchange([window], { redis: { url: redis.url }, prefix: 'itself' });
  exchange.start();
  onTestFinished(() => exchange.stop());
  window.take('7', 60);
  await eventually(async () => (await keysOf('itself')).length === 1);
});
