import { type Platform, type ServiceProcess, startPlatform } from '@fourfold-tools/e2e';
import { eventually, FaultProxy, fullRun, topology } from '@fourfold-tools/testing';
import { withDeadline } from '@fourfold/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** In which no request is answered that waits for the deadline of a statement, which is 15 s. */
const PATIENCE_MS = 12_000;
/** For a connection to the primary, by default. */
const PRIMARY_DEADLINE_MS = 2_000;

let platform: Platform;
let proxy: FaultProxy;
let proxies: Record<'primary' | 'shard' | 'cacheRedis' | 'queueRedis', FaultProxy>;

const status = (url: string) =>
  fetch(url).then(
    async (answer) => ({ status: answer.status, body: await answer.text() }),
    () => undefined,
  );

beforeAll(async () => {
  const { primary, shards, redisCache, redisQueue } = topology();
  const shard = shards[1]!;
  proxies = {
    primary: await new FaultProxy(primary.appUrl).open(),
    shard: await new FaultProxy(shard.appUrl).open(),
    cacheRedis: await new FaultProxy(redisCache.url).open(),
    queueRedis: await new FaultProxy(redisQueue.url).open(),
  };
  proxy = proxies.primary;
  const moved = [
    [primary.port, proxies.primary],
    [shard.port, proxies.shard],
    [redisCache.port, proxies.cacheRedis],
    [redisQueue.port, proxies.queueRedis],
  ] as const;
  const proxied = (env: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(env).map(([name, text]) => {
        for (const [port, { url }] of moved)
          text = text.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${new URL(url).port}`);
        return [name, text];
      }),
    );
  platform = await startPlatform({ name: 'dependencies-away', apiEnv: proxied, workerEnv: proxied });
});
afterAll(async () => {
  await platform?.stop();
  await Promise.all(Object.values(proxies).map((each) => each.close()));
});

it('started while its primary is away it lives, is not ready and says why; it serves when the primary comes', async () => {
  const [api] = platform.apis;
  if (!api) throw new Error('no order-api');
  await api.stop();
  await proxy.close();

  const started = api.start();
  await eventually(() =>
    expect(api.log).toMatch(/can't be reached: ECONNREFUSED \(attempt 4\); next try in \d+ ms/),
  );
  const { pid } = api;
  expect(await status(`${api.managementUrl}/health/live`)).toMatchObject({ status: 200 });
  expect(await status(`${api.managementUrl}/health/ready`)).toEqual({
    status: 503,
    body: expect.stringContaining('starting'),
  });
  expect(await status(`${platform.baseUrl}/openapi.json`)).toBeUndefined();
  expect(api.log).not.toContain(new URL(topology().primary.appUrl).password);

  await proxy.open();
  await started;
  expect(api.pid).toBe(pid);
  expect(await status(`${api.managementUrl}/health/ready`)).toMatchObject({ status: 200 });
  await platform.shop.product(1);
});

it('an outage later makes it unready and nothing more', async () => {
  const [api] = platform.apis;
  if (!api) throw new Error('no order-api');
  const { pid } = api;
  await proxy.close();
  await eventually(async () => (await status(`${api.managementUrl}/health/ready`))?.status === 503);
  const ready = await status(`${api.managementUrl}/health/ready`);
  expect(JSON.parse(ready?.body ?? '')).toMatchObject({ error: { 'database-primary': { status: 'down' } } });
  expect(await status(`${api.managementUrl}/health/live`)).toMatchObject({ status: 200 });
  const refused = await platform.api.post('/products', {
    sku: 'T-AWAY',
    name: 'Not now',
    price: { amount: 450, currency: 'GBP' },
    stock: 1,
  });
  expect(refused).toMatchObject({ status: 503, body: { code: 'database-unavailable' } });
  expect(refused.headers.get('retry-after')).toBe('2');
  await proxy.open();
  await eventually(async () => (await status(`${api.managementUrl}/health/ready`))?.status === 200);
  expect(api.pid).toBe(pid);
});

it('frozen in use it holds no request for longer than one deadline, whatever steps it is made of', async () => {
  const { shop, api } = platform;
  const [userId, productId] = [await shop.user(), await shop.product(100)];
  const order = () => shop.order(userId, [{ productId, quantity: 1 }]);
  const placed = await order();
  expect(placed.status).toBe(201);
  await proxy.freeze();
  const since = performance.now();
  const cancel = () => api.post(`/orders/${placed.body.id}/cancel`, {});
  const ofOneStatement = () => api.call('PUT', `/products/${productId}/stock`, { body: { stock: 100 } });
  const requests = [order, ofOneStatement, order, order, cancel, order, ofOneStatement];
  const tookMs: Record<'one' | 'several', number[]> = { one: [], several: [] };
  const answers = Promise.all(
    requests.map(async (request) => {
      const { status, headers } = await request();
      tookMs[request === ofOneStatement ? 'one' : 'several'].push(Math.round(performance.now() - since));
      return { status, retryAfter: headers.get('retry-after') };
    }),
  );
  const late = () =>
    new Error(`A request is held for over ${PATIENCE_MS} ms; the others took ${JSON.stringify(tookMs)}`);
  expect(await withDeadline(answers, PATIENCE_MS, late)).toEqual(
    requests.map(() => ({ status: 503, retryAfter: '2' })),
  );
  console.log(tookMs);
  // One that added its waits up would take half as long again, for each wait. A single one may be told earlier than at
  // its deadline that the primary is away.
  expect(Math.max(...tookMs.several)).toBeLessThan(1.3 * Math.max(PRIMARY_DEADLINE_MS, ...tookMs.one));
  proxy.breakConnections();
  await proxy.open();
  await eventually(async () => (await order()).status === 201);
});

describe('a scrape of the metrics', () => {
  /**
   * How long one takes that adds them up anew, and during which no connection is made by way of `frozen`, milliseconds.
   * What the service connects for beside the scrapes is not in most of them.
   */
  async function scrapeMs({ managementUrl }: ServiceProcess, frozen: FaultProxy): Promise<number> {
    let last = '';
    return eventually(async () => {
      const [since, before] = [performance.now(), frozen.accepted];
      const answer = await fetch(`${managementUrl}/metrics`);
      const text = await answer.text();
      const isAnew = last !== '' && text !== last;
      last = text;
      return isAnew && frozen.accepted === before && performance.now() - since;
    });
  }

  it.each(['primary', 'shard', 'cacheRedis', 'queueRedis'] as const)(
    'is answered by both services while %s is frozen, without asking it; on a quiet machine within a second',
    async (dependency) => {
      await proxies[dependency].freeze();
      // What a scrape asked would need a new connection.
      proxies[dependency].breakConnections();
      try {
        const services = [platform.apis[0]!, platform.worker];
        const tookMs = await Promise.all(services.map((each) => scrapeMs(each, proxies[dependency])));
        if (fullRun) expect(Math.max(...tookMs)).toBeLessThan(1_000);
      } finally {
        proxies[dependency].breakConnections();
        await proxies[dependency].open();
      }
    },
  );
});
