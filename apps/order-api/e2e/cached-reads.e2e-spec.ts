import { type ApiCaller, type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, FaultProxy, repetitions, topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MessageProxy } from './message.proxy.js';

const PAIRS = repetitions({ quick: 20, full: 1_000 });
const AT_ONCE = 20;
/** Later than any pair takes on a busy machine: the message of its order’s placing must not come in between. */
const LATE_MS = 60_000;
const HEADER = 'x-consistency-token';

/** Two processes: what one of them changes, the other has in its cache, and is told of late or never. */
let platform: Platform;
let writer: ApiCaller;
let reader: ApiCaller;
let writersRedis: FaultProxy;
let readersRedis: MessageProxy;
/** The reader's way to the one before, and to the primary. */
let readersLink: FaultProxy;
let readersPrimary: FaultProxy;
let customer: string;
let product: string;

beforeAll(async () => {
  const { url } = topology().redisCache;
  writersRedis = await new FaultProxy(url).open();
  readersRedis = await MessageProxy.open(url);
  readersLink = await new FaultProxy(readersRedis.url).open();
  readersPrimary = await new FaultProxy(topology().primary.rootUrl).open();
  const ways: Record<string, { url: string }>[] = [
    { CACHE_REDIS_URL: writersRedis },
    { CACHE_REDIS_URL: readersLink, DB_PRIMARY_URL: readersPrimary },
  ];
  const apiEnv = (env: Record<string, string>) => {
    const changes: Record<string, string> = { STICKY_WINDOW_MS: '0' };
    for (const [name, { url }] of Object.entries(ways.shift()!)) {
      const address = new URL(env[name]!);
      address.host = new URL(url).host;
      changes[name] = address.href;
    }
    return changes;
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
  await Promise.all([writersRedis?.close(), readersLink?.close(), readersPrimary?.close()]);
  readersRedis?.close();
});

async function placed(): Promise<string> {
  const items = [{ productId: product, quantity: 1 }];
  const { status, body } = await platform.shop.order(customer, items);
  expect(status).toBe(201);
  return body.id;
}

/** Places an order, has it read by the reading process, and cancels it on the writing one. @returns whether it is read as cancelled then */
async function readAfterCancelling(withToken: boolean): Promise<boolean> {
  const id = await placed();
  const path = `/orders/${id}`;
  // Twice: the second one shows that it is in the cache.
  await reader.get(path);
  await reader.get(path);
  const cancelled = await writer.post(`${path}/cancel`);
  expect([cancelled.status, cancelled.body.status]).toEqual([200, 'cancelled']);
  const headers: Record<string, string> = withToken ? { [HEADER]: cancelled.headers.get(HEADER)! } : {};
  const read = await reader.call('GET', path, { headers });
  return read.body.status === 'cancelled';
}

async function isIndexed(orderId: string): Promise<boolean> {
  const sql = 'SELECT 1 FROM user_orders WHERE order_id = ?';
  const found = await Promise.all(Object.values(platform.shards).map((pool) => pool.query(sql, [orderId])));
  return found.some(([rows]) => (rows as unknown[]).length > 0);
}

/** Has the reading process list a user's orders, and places another one on the writing process. @returns whether it is listed then */
async function listedAfterPlacing(withToken: boolean): Promise<boolean> {
  const user = await platform.shop.user();
  const path = `/users/${user}/orders` as const;
  const items = [{ productId: product, quantity: 1 }];
  await platform.shop.order(user, items);
  await reader.get(path);
  await reader.get(path);
  const placing = await platform.shop.order(user, items);
  expect(placing.status).toBe(201);
  // A shard that is slow leaves the entry to the queue: then no list has it yet.
  if (!(await isIndexed(placing.body.id))) return listedAfterPlacing(withToken);
  const headers: Record<string, string> = withToken ? { [HEADER]: placing.headers.get(HEADER)! } : {};
  const { body } = await reader.call('GET', path, { headers });
  return body.items[0]?.id === placing.body.id;
}

/** Of as many pairs of a change here and a read there, how many read what was before. */
async function stalePairs(isFresh: () => Promise<boolean>): Promise<number> {
  let [begun, stale] = [0, 0];
  const lane = async () => {
    while (begun < PAIRS) {
      begun += 1;
      if (!(await isFresh())) stale += 1;
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

const changes = [
  ['orders cancelled on one process and read on another', readAfterCancelling],
  ['orders placed on one process and listed on another', listedAfterPlacing],
] as const;

describe.each(faults)(`while $what`, (fault) => {
  beforeAll(() => fault.begin(), 30_000);
  afterAll(() => fault.end(), 30_000);

  describe.each(changes)(`${PAIRS} %s`, (what, isFresh) => {
    it('are as they were, without the token (so the next test can fail)', async () => {
      const stale = await stalePairs(() => isFresh(false));
      console.log(`${what}, ${fault.what}, without the token: ${stale} of ${PAIRS} reads were stale`);
      expect(stale).toBeGreaterThan(0);
    }, 120_000);

    it('are as they are, with it', async () => {
      const stale = await stalePairs(() => isFresh(true));
      console.log(`${what}, ${fault.what}, with the token: ${stale} of ${PAIRS} reads were stale`);
      expect(stale).toBe(0);
    }, 120_000);
  });
});

describe('a process that reaches neither the primary nor the cache', () => {
  const away = { code: 'database-unavailable' };
  beforeAll(() => Promise.all([readersLink.close(), readersPrimary.close()]), 30_000);
  afterAll(() => Promise.all([readersLink.open(), readersPrimary.open()]), 30_000);

  it('answers reads from replicas, says that they may be old, and keeps nothing of them', async () => {
    const id = await placed();
    const paths = [`/orders/${id}`, `/products/${product}`, `/products?limit=5`];
    for (const path of paths) {
      const answer = await eventually(async () => {
        const read = await reader.get(path);
        expect(read.body).not.toHaveProperty('code');
        return read;
      });
      expect(answer.headers.get('warning'), path).toBe('110 - "Response is Stale"');
    }
    const cancelled = await writer.post(`/orders/${id}/cancel`);
    const headers = { [HEADER]: cancelled.headers.get(HEADER)! };
    // Replicas have it in a moment; until then the answer is that there is none, and not an older one.
    await eventually(async () => {
      const { status, body } = await reader.call('GET', `/orders/${id}`, { headers });
      if (status === 503) expect(body).toMatchObject(away);
      else expect([status, body.status]).toEqual([200, 'cancelled']);
      return status === 200;
    });
    expect(await reader.post(`/orders/${id}/cancel`)).toMatchObject({ status: 503, body: away });
  }, 60_000);

  it('reads the primary again, says nothing, and writes, when they are back', async () => {
    await Promise.all([readersLink.open(), readersPrimary.open()]);
    await eventually(async () => !(await reader.get(`/products/${product}`)).headers.has('warning'));
    expect(await reader.post(`/orders/${await placed()}/cancel`)).toMatchObject({ status: 200 });
  }, 60_000);
});
