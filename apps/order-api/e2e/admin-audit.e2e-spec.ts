import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, topology, withDatabase } from '@fourfold-tools/testing';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

const CHANGE_NOTHING = /^POST \/v1\/(orders|admin\/(cache\/warm|shards\/plan(\/rebalance)?))$/;
let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform({ name: 'audit', workers: 0 });
});
afterAll(() => platform?.stop());

const list = async (query: string) => (await platform.api.get(`/admin/audit?${query}`)).body;

it('has every route by which an operator changes something, with who, what, where from and how it ended', async () => {
  const document = (await (await fetch(`${platform.baseUrl}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { security?: unknown[] }>>;
  };
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method, { security }]) => method !== 'get' && security?.length !== 0)
      .map(([method]) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
  const audited = routes.filter((route) => !CHANGE_NOTHING.test(route));
  expect(audited.length).toBeGreaterThan(8);
  for (const route of routes) {
    const [method, path] = route.split(' ') as [string, string];
    const headers = { 'x-request-id': `audited-${routes.indexOf(route)}` };
    const target = path.replace('/v1', '').replaceAll(/:\w+/g, '1');
    const body = method === 'DELETE' ? undefined : {};
    const { status } = await platform.api.call(method, `${target}?token=hidden`, { headers, body });
    const find = async () =>
      (await list(`limit=100&action=${encodeURIComponent(route)}`)).items.find(
        ({ requestId, status: ended }) => requestId === headers['x-request-id'] && ended !== null,
      );
    if (!audited.includes(route)) {
      expect(await find()).toBeUndefined();
      continue;
    }
    expect(await eventually(async () => (await find()) ?? false)).toMatchObject({
      actor: 'e2e',
      action: route,
      target: `/v1${target}`,
      address: '127.0.0.1',
      status,
    });
  }
});

it('has nothing of customers, of those who may not, and of what is only read', async () => {
  const customer = platform.api.as(await platform.customerToken('7'));
  await customer.call('PATCH', '/users/7', { body: { name: 'Ada' }, headers: { 'if-match': '*' } });
  await customer.post('/products', {});
  await platform.api.get('/products');
  // Comes after all of that, to whichever replica is asked.
  const later = { 'x-request-id': 'audited-later' };
  await platform.api.call('PUT', '/products/1/stock', { body: {}, headers: later });
  const items = await eventually(async () => {
    const found = (await list('limit=100')).items;
    return found.some(({ requestId }) => requestId === 'audited-later') && found;
  });
  expect(items.filter(({ actor, action }) => actor === '7' || action.startsWith('GET'))).toEqual([]);
});

it('has how an action ended whose client hung up: given up, although what it waits for is still held', async () => {
  const id = await platform.shop.product(7);
  const root = await createConnection(withDatabase(topology().primary.rootUrl, platform.id));
  onTestFinished(() => root.end());
  await root.beginTransaction();
  await root.query('SELECT * FROM stock WHERE product_id = ? FOR UPDATE', [id]);
  const hangUp = new AbortController();
  const asked = fetch(`${platform.baseUrl}/v1/products/${id}/stock`, {
    method: 'PUT',
    signal: hangUp.signal,
    headers: {
      authorization: `Bearer ${await platform.operatorToken()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ stock: 9 }),
  });
  const own = async () => (await list('limit=100')).items.find(({ target }) => target.includes(id));
  await eventually(async () => (await own()) !== undefined);
  hangUp.abort();
  await expect(asked).rejects.toThrow();
  await eventually(async () => (await own())?.status === 499);
  await root.commit();
  expect(await platform.shop.stockOf(id)).toBe(7);
});

it('is listed by actor and time, page by page, and its cursor is of this list alone', async () => {
  const first = await list('limit=2&actor=e2e');
  expect(first.items).toHaveLength(2);
  const cursor = encodeURIComponent(first.nextCursor!);
  const second = await list(`limit=2&actor=e2e&cursor=${cursor}`);
  expect(second.items.map(({ requestId }) => requestId)).not.toEqual(
    first.items.map(({ requestId }) => requestId),
  );
  expect(await platform.api.get(`/admin/audit?cursor=${cursor}`)).toMatchObject({
    status: 400,
    body: { code: 'invalid-cursor' },
  });
  expect((await list('actor=another')).items).toEqual([]);
  expect((await list('to=2020-01-01T00:00:00Z')).items).toEqual([]);
  expect(await platform.api.get('/admin/audit?from=yesterday')).toMatchObject({
    status: 400,
    body: { code: 'validation-failed' },
  });
});

it('refuses an action whose record can’t be written, and nothing is done', async () => {
  const id = await platform.shop.product(7);
  const root = await createConnection(withDatabase(topology().primary.rootUrl, platform.id));
  await root.query('RENAME TABLE operator_actions TO elsewhere');
  const refused = await platform.api.call('PUT', `/products/${id}/stock`, { body: { stock: 9 } });
  await root.query('RENAME TABLE elsewhere TO operator_actions');
  await root.end();
  expect(refused).toMatchObject({ status: 503, body: { code: 'audit-unavailable' } });
  expect((await platform.api.get(`/products/${id}`)).body).toMatchObject({ stock: 7 });
});
