import { type ApiCaller, type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, FaultProxy, repetitions, topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MessageProxy } from './message.proxy.js';

const PAIRS = repetitions({ quick: 20, full: 1_000 });
const AT_ONCE = 20;
const LATE_MS = 5_000;
const HEADER = 'x-consistency-token';

/** Two processes: what one of them changes, the other has in its cache, and is told of late or never. */
let platform: Platform;
let writer: ApiCaller;
let reader: ApiCaller;
let writersRedis: FaultProxy;
let readersRedis: MessageProxy;
let customer: string;
let product: string;

beforeAll(async () => {
  const { url } = topology().redisCache;
  writersRedis = await new FaultProxy(url).open();
  readersRedis = await MessageProxy.open(url);
  const ways = [writersRedis.url, readersRedis.url];
  const apiEnv = (env: Record<string, string>) => {
    const way = new URL(ways.shift()!);
    const redis = new URL(env['CACHE_REDIS_URL']!);
    redis.host = way.host;
    return { CACHE_REDIS_URL: redis.href, STICKY_WINDOW_MS: '0' };
  };
  // The worker would tell the caches as well, some time later.
  platform = await startPlatform({ name: 'cached-reads', apis: 2, workers: 0, apiEnv });
  writer = platform.api;
  reader = platform.apiAt(1);
  customer = await platform.shop.user();
  product = await platform.shop.product(10 * PAIRS);
});
afterAll(async () => {
  await platform?.stop();
  await writersRedis?.close();
  readersRedis?.close();
});

async function placed(): Promise<string> {
  const items = [{ productId: product, quantity: 1 }];
  const { status, body } = await platform.shop.order(customer, items);
  expect(status).toBe(201);
  return body.id;
}

/** Places an order, has it read by the reading process, and cancels it on the writing one. @returns how it is read then */
async function readAfterCancelling(withToken: boolean): Promise<string> {
  const id = await placed();
  const path = `/orders/${id}`;
  // Twice: the second one shows that it is in the cache.
  await reader.get(path);
  await reader.get(path);
  const cancelled = await writer.post<{ status: string }>(`${path}/cancel`);
  expect([cancelled.status, cancelled.body.status]).toEqual([200, 'cancelled']);
  const headers: Record<string, string> = withToken ? { [HEADER]: cancelled.headers.get(HEADER)! } : {};
  const read = await reader.call<{ status: string }>('GET', path, { headers });
  return read.body.status;
}

/** Of as many pairs of a cancellation here and a read there, how many read the order as it was before. */
async function stalePairs(withToken: boolean): Promise<number> {
  let [begun, stale] = [0, 0];
  const lane = async () => {
    while (begun < PAIRS) {
      begun += 1;
      if ((await readAfterCancelling(withToken)) !== 'cancelled') stale += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return stale;
}

const faults = [
  {
    what: 'messages are late',
    begin: () => void (readersRedis.messages = LATE_MS),
    end: () => void (readersRedis.messages = 0),
  },
  {
    what: 'messages are lost',
    begin: () => void (readersRedis.messages = 'drop'),
    end: () => void (readersRedis.messages = 0),
  },
  {
    what: 'the writer has lost its Redis, and remembers for later',
    begin: async () => {
      await writersRedis.close();
      await eventually(async () => (await cacheState()).includes('"away"'));
    },
    end: async () => {
      await writersRedis.open();
      await eventually(async () => (await cacheState()).includes('"trusted"'));
    },
  },
];

async function cacheState(): Promise<string> {
  return (await writer.get('/admin/cache')).text;
}

describe.each(faults)(`${PAIRS} orders cancelled on one process and read on another while $what`, (fault) => {
  beforeAll(() => fault.begin(), 30_000);
  afterAll(() => fault.end(), 30_000);

  it('are read as they were, without the token (so the next test can fail)', async () => {
    const stale = await stalePairs(false);
    console.log(`${fault.what}, without the token: ${stale} of ${PAIRS} reads were stale`);
    expect(stale).toBeGreaterThan(0);
  }, 120_000);

  it('are read as cancelled, with it', async () => {
    const stale = await stalePairs(true);
    console.log(`${fault.what}, with the token: ${stale} of ${PAIRS} reads were stale`);
    expect(stale).toBe(0);
  }, 120_000);
});
