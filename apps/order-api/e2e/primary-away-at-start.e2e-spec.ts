import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, FaultProxy, topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

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
