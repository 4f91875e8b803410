import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { RateExchange } from './rate.exchange.js';
import { RateWindow } from './rate.window.js';

const HOUR_MS = 3_600_000;
/** In the middle of an hour. */
const NOW = 500_000.5 * HOUR_MS;

let redis: RedisServerFixture;
beforeAll(async () => void (redis = await RedisServerFixture.start()));
afterAll(() => redis.dispose());

/** A window as one process has it. */
function processOf(prefix: string) {
  const window = new RateWindow({ name: 'caller', most: 100, windowMs: HOUR_MS }, () => NOW);
  const exchange = new RateExchange([window], { redis: { url: redis.url }, prefix });
  exchange.start();
  onTestFinished(() => exchange.stop());
  return { window, exchange };
}

it('processes know of each other after an exchange, and Redis sees no key that is an address', async () => {
  const [one, other] = [processOf('shared'), processOf('shared')];
  one.window.take('192.0.2.1', 60);
  other.window.take('192.0.2.1', 30);
  const left = ({ window }: typeof one) => window.take('192.0.2.1', 0).remaining;
  await eventually(() => {
    // What it has counted is told with the next request that it counts.
    for (const { window } of [one, other])
      if (window.take('192.0.2.1', 0).remaining > 12) window.take('192.0.2.1', 1);
    return left(one) <= 12 && left(other) <= 12;
  });
  const keys = (await redis.command('KEYS', 'shared:rate:*')) as string[];
  expect(keys).toHaveLength(1);
  expect(keys[0]).toMatch(/^shared:rate:caller:500000:[\w-]{22}$/);
  expect(Number(await redis.command('PTTL', keys[0]!))).toBeGreaterThan(HOUR_MS);
});

it('while Redis is away each process keeps its own limit, and all is told when it is back', async () => {
  const { window, exchange } = processOf('away');
  await redis.kill();
  expect(window.take('7', 60).isAllowed).toBe(true);
  await expect(exchange.exchange()).rejects.toThrow();
  expect(window.take('7', 41).isAllowed).toBe(false);
  expect(window.take('7', 10).isAllowed).toBe(true);
  await redis.start();
  await eventually(async () => ((await redis.command('KEYS', 'away:rate:*')) as string[]).length > 0);
  const [key] = (await redis.command('KEYS', 'away:rate:*')) as string[];
  expect(await redis.command('GET', key!)).toBe('70');
});
