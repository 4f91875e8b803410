import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, FaultProxy, topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ORDERS = 300;
const AT_ONCE = 30;

interface Line {
  level: number;
  repeats?: number;
  res?: { statusCode: number };
}

let platform: Platform;
let proxies: { primary: FaultProxy; cache: FaultProxy };
let userId: string;
let productId: string;

beforeAll(async () => {
  const { primary, redisCache } = topology();
  proxies = {
    primary: await new FaultProxy(primary.appUrl).open(),
    cache: await new FaultProxy(redisCache.url).open(),
  };
  const moved = [
    [primary.port, proxies.primary],
    [redisCache.port, proxies.cache],
  ] as const;
  const proxied = (env: Record<string, string>) => {
    let text = JSON.stringify(env);
    for (const [port, { url }] of moved)
      text = text.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${new URL(url).port}`);
    return JSON.parse(text) as Record<string, string>;
  };
  platform = await startPlatform({ name: 'floods', apiEnv: proxied, workerEnv: proxied });
  userId = await platform.shop.user();
  productId = await platform.shop.product(1_000_000);
});

afterAll(async () => {
  await platform?.stop();
  for (const proxy of Object.values(proxies ?? {})) await proxy.close();
});

/** @returns how many were answered with each status */
async function placeOrders(): Promise<Map<number, number>> {
  const statuses: number[] = [];
  const caller = async () => {
    for (let left = ORDERS / AT_ONCE; left > 0; left--)
      statuses.push((await platform.shop.order(userId, [{ productId, quantity: 1 }])).status);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  return new Map([...Map.groupBy(statuses, (status) => status)].map(([status, of]) => [status, of.length]));
}

const logTexts = () =>
  ['order-api-0', 'worker'].map((label) =>
    readFileSync(join(topology().stateDir, 'logs', `${platform.id}-${label}.log`), 'utf8'),
  );

function isFault({ level, res }: Line): boolean {
  return level >= 40 || res?.statusCode === 503 || res?.statusCode === 429;
}

/** What both processes say of faults while `work` is done. */
async function faultsDuring<T>(work: () => Promise<T>) {
  const before = logTexts().map(({ length }) => length);
  const result = await work();
  const texts = logTexts().flatMap((text, index) => text.slice(before[index]).trim().split('\n'));
  const lines = texts.filter((text) => text && isFault(JSON.parse(text) as Line));
  return { result, lines: lines.length, bytes: lines.join('\n').length };
}

/** How many requests with that answer the log tells of, in lines of their own and in counts. */
function countOf(statusCode: number): number {
  const lines = logTexts().flatMap((text) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line),
  );
  return lines
    .filter(({ res }) => res?.statusCode === statusCode)
    .reduce((sum, { repeats }) => sum + (repeats ?? 1), 0);
}

it('a fault that many requests meet is a few lines, whose counts add up', async () => {
  await proxies.primary.close();
  const away = await faultsDuring(placeOrders);
  await proxies.primary.open();
  await proxies.cache.close();
  const uncached = await faultsDuring(async () => {
    const statuses = await placeOrders();
    await platform.worker.metrics();
    return statuses;
  });
  await proxies.cache.open();
  console.log('primary away', away, 'cache away', uncached);
  expect.soft(away.result.get(503)).toBe(ORDERS);
  expect.soft(away.lines).toBeLessThan(ORDERS / 10);
  expect.soft(away.bytes).toBeLessThan(ORDERS * 100);
  expect.soft(uncached.lines).toBeLessThan(ORDERS / 5);

  await platform.stop();
  const refused = (away.result.get(503) ?? 0) + (uncached.result.get(503) ?? 0);
  // What a process has said last gets into its file a moment after its end.
  await eventually(() => expect(countOf(503)).toBe(refused));
});
