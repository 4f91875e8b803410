import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, FaultProxy, topology } from '@fourfold-tools/testing';
import { withDeadline } from '@fourfold/kernel';
import { afterAll, beforeAll, expect, it } from 'vitest';

const PATIENCE_MS = 8_000;

let platform: Platform;
let proxy: FaultProxy;

const status = (url: string) =>
  fetch(url).then(
    async (answer) => ({ status: answer.status, body: await answer.text() }),
    () => undefined,
  );

beforeAll(async () => {
  proxy = await new FaultProxy(topology().primary.appUrl).open();
  platform = await startPlatform({
    name: 'primary-away',
    workers: 0,
    apiEnv: ({ DB_PRIMARY_URL = '' }) => {
      const url = new URL(DB_PRIMARY_URL);
      url.port = new URL(proxy.url).port;
      return { DB_PRIMARY_URL: url.href };
    },
  });
});
afterAll(async () => {
  await platform.stop();
  await proxy.close();
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
  const requests = [order, order, order, () => api.post(`/orders/${placed.body.id}/cancel`, {}), order];
  const tookMs: number[] = [];
  const answers = Promise.all(
    requests.map(async (request) => {
      const { status, headers } = await request();
      tookMs.push(Math.round(performance.now() - since));
      return { status, retryAfter: headers.get('retry-after') };
    }),
  );
  // A statement alone may run for 15 s.
  const late = () =>
    new Error(`A request is held for over ${PATIENCE_MS} ms; the others took ${tookMs.join()}`);
  expect(await withDeadline(answers, PATIENCE_MS, late)).toEqual(
    requests.map(() => ({ status: 503, retryAfter: '2' })),
  );
  console.log({ tookMs });
  proxy.breakConnections();
  await proxy.open();
  await eventually(async () => (await order()).status === 201);
});
