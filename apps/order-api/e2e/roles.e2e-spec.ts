import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type ApiCaller, type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, FaultProxy, topology, withDatabase } from '@fourfold-tools/testing';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const CODE = 'misdirected-request';
const TOKEN = 'x-consistency-token';
/** Eight for reads, one for heartbeats and health, one that asks whether a silent primary is there. */
const MOST_OF_READER = 10;
const IDLE_OF_READER = 2;

/** As behind a gateway that divides by method. The reader's account on the primary may SELECT and nothing else. */
let platform: Platform;
let writer: ApiCaller;
let reader: ApiCaller;
/** Their ways to the replicas. */
let replicas: FaultProxy[];
/** Around everything under test, on the primary. */
let root: Connection;

beforeAll(async () => {
  const { primary, replicas: servers } = topology();
  replicas = await Promise.all(servers.map(({ readUrl }) => new FaultProxy(readUrl).open()));
  platform = await startPlatform({
    name: 'roles',
    apis: 2,
    workers: 0,
    apiEnv: ({ DB_PRIMARY_URL = '' }, index) => {
      const database = new URL(DB_PRIMARY_URL).pathname.slice(1);
      const DB_REPLICA_URLS = replicas.map(({ url }) => withDatabase(url, database)).join();
      return index === 0
        ? { API_ROLE: 'write', DB_REPLICA_URLS }
        : { API_ROLE: 'read', DB_REPLICA_URLS, DB_PRIMARY_URL: withDatabase(primary.readUrl, database) };
    },
  });
  [writer, reader] = [platform.api, platform.apiAt(1)];
  root = await createConnection(withDatabase(primary.rootUrl, platform.id));
});
afterAll(async () => {
  await root?.end();
  await platform?.stop();
  await Promise.all(replicas?.map((replica) => replica.close()) ?? []);
});

/** At the primary, by the accounts that the two have. */
async function connections(): Promise<{ writer: number; reader: number }> {
  const [rows] = await root.query<RowDataPacket[]>(
    'SELECT user, COUNT(*) AS n FROM information_schema.processlist WHERE db = ? GROUP BY user',
    [platform.id],
  );
  const { appUrl, readUrl } = topology().primary;
  const of = (url: string) => Number(rows.find(({ user }) => user === new URL(url).username)?.['n'] ?? 0);
  return { writer: of(appUrl), reader: of(readUrl) };
}

async function rowsOf(...tables: string[]): Promise<number[]> {
  const counts = tables.map((table) => root.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`));
  return (await Promise.all(counts)).map(([[row]]) => Number(row?.['n']));
}

describe('connections to the primary', () => {
  it(`are ${MOST_OF_READER} at most of a reader whose reads all wait for it, and no more than it may have of a writer`, async () => {
    expect((await connections()).reader).toBeGreaterThan(0);
    const products = await Promise.all(Array.from({ length: 80 }, () => platform.shop.product(1)));
    // Every fill of the cache goes to the primary then, and waits for the lock.
    for (const replica of replicas) await replica.close();
    for (const caller of [writer, reader])
      await eventually(
        async () => (await caller.get('/admin/replicas')).text.match(/"ejected"/g)?.length === 2,
      );
    for (const namespace of ['product', 'stock']) await writer.call('DELETE', `/admin/cache/${namespace}`);
    await root.query('LOCK TABLES products WRITE');
    const reads = Promise.all(
      products.map((id, index) => (index % 2 === 0 ? writer : reader).get(`/products/${id}`)),
    );
    const most = { writer: 0, reader: 0 };
    await eventually(async () => {
      const now = await connections();
      most.writer = Math.max(most.writer, now.writer);
      most.reader = Math.max(most.reader, now.reader);
      // The writer's, by which it is seen that as many were asked for.
      return most.writer > 2 * MOST_OF_READER && most.reader >= 8;
    });
    await root.query('UNLOCK TABLES');
    await reads;
    console.log('connections to the primary, at most:', most);
    expect(most.reader).toBeLessThanOrEqual(MOST_OF_READER);
    for (const replica of replicas) await replica.open();
    for (const caller of [writer, reader])
      await eventually(async () => !(await caller.get('/admin/replicas')).text.includes('"ejected"'));
    for (const id of products) expect((await reader.get(`/products/${id}`)).status).toBe(200);
  });
});

/** Which of the two serves a route. `all` serves each, as every other file shows. */
const served = {
  'DELETE /v1/admin/cache/{namespace}': ['write'],
  'DELETE /v1/admin/cache/{namespace}/{id}': ['write'],
  'GET /v1/admin/audit': ['read'],
  'GET /v1/admin/cache': ['read', 'write'],
  'GET /v1/admin/dead-letters': ['read'],
  'GET /v1/admin/dead-letters/{id}': ['read'],
  'GET /v1/admin/funnel': ['read'],
  'GET /v1/admin/migrations': ['read'],
  'GET /v1/admin/migrations/{id}': ['read', 'write'],
  'GET /v1/admin/queues': ['read'],
  'GET /v1/admin/replicas': ['read', 'write'],
  'GET /v1/admin/shards': ['read', 'write'],
  'GET /v1/orders/{id}': ['read', 'write'],
  'GET /v1/products': ['read'],
  'GET /v1/products/{id}': ['read', 'write'],
  'GET /v1/products/{id}/recommendations': ['read'],
  'GET /v1/reports/{id}': ['read', 'write'],
  'GET /v1/users': ['read'],
  'GET /v1/users/{id}': ['read', 'write'],
  'GET /v1/users/{id}/orders': ['read'],
  'GET /v1/users/{id}/recommendations': ['read'],
  'PATCH /v1/users/{id}': ['write'],
  'POST /v1/admin/cache/warm': ['read', 'write'],
  'POST /v1/admin/dead-letters/redrive': ['write'],
  'POST /v1/admin/dead-letters/{id}/discard': ['write'],
  'POST /v1/admin/dead-letters/{id}/redrive': ['write'],
  'POST /v1/admin/migrations': ['write'],
  'POST /v1/admin/migrations/{id}/abort': ['write'],
  'POST /v1/admin/migrations/{id}/pause': ['write'],
  'POST /v1/admin/migrations/{id}/resume': ['write'],
  'POST /v1/admin/migrations/{id}/rollback': ['write'],
  'POST /v1/admin/queues/{name}/pause': ['write'],
  'POST /v1/admin/queues/{name}/resume': ['write'],
  'POST /v1/admin/queues/{name}/run-now': ['write'],
  'POST /v1/admin/shards/plan': ['read', 'write'],
  'POST /v1/admin/shards/plan/rebalance': ['read', 'write'],
  'POST /v1/email-confirmations': ['write'],
  'POST /v1/orders': ['write'],
  'POST /v1/orders/{id}/cancel': ['write'],
  'POST /v1/products': ['write'],
  'POST /v1/reports': ['write'],
  'POST /v1/users': ['write'],
  'PUT /v1/products/{id}/stock': ['write'],
};

describe('a route', () => {
  it('is in the list of who serves it', async () => {
    const answer = await fetch(`${reader.baseUrl}/openapi.json`);
    const { paths } = (await answer.json()) as { paths: Record<string, object> };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual(Object.keys(served));
  });

  it.each(Object.entries(served))('%s is served by %j alone', async (route, roles) => {
    const [method, path] = route.split(' ') as [string, string];
    const url = path.replace('/v1', '').replace(/\{\w+\}/g, '1');
    const body = method === 'POST' || method === 'PUT' || method === 'PATCH' ? {} : undefined;
    for (const [role, caller] of Object.entries({ read: reader, write: writer })) {
      const { status, headers, body: problem } = await caller.call(method, url, { body });
      if (roles.includes(role)) {
        expect(problem?.['code'], role).not.toBe(CODE);
        expect(status, role).toBeLessThan(500);
      } else {
        expect([status, problem], role).toMatchObject([421, { status: 421, code: CODE }]);
        expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
        expect(headers.has(TOKEN)).toBe(false);
      }
    }
  });

  it('that does not exist is 404 on both, and a HEAD goes where its GET goes', async () => {
    for (const caller of [reader, writer]) expect((await caller.post('/nothing', {})).status).toBe(404);
    const heads = [reader, writer].map((caller) => caller.call('HEAD', '/products'));
    expect((await Promise.all(heads)).map(({ status }) => status)).toEqual([200, 421]);
  });
});

describe('a write that comes to a reader', () => {
  const tables = ['orders', 'order_items', 'idempotency_keys', 'outbox', 'products'];

  it('is refused before its body has come and its token is checked', async () => {
    const { hostname, port } = new URL(reader.baseUrl);
    const socket = connect(Number(port), hostname);
    socket.write(
      'POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n',
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 421 /);
    expect(String(answer)).toContain(`"code":"${CODE}"`);
  });

  it('leaves nothing behind, and is as new to the writer', async () => {
    const [userId, productId] = [await platform.shop.user(), await platform.shop.product(5)];
    const order = { userId, items: [{ productId, quantity: 1 }], shippingAddress: 'Here 1' };
    const key = { 'idempotency-key': randomUUID() };
    const before = await rowsOf(...tables);
    expect((await reader.post('/orders', order, key)).status).toBe(421);
    expect(await rowsOf(...tables)).toEqual(before);
    const placed = await writer.post('/orders', order, key);
    expect([placed.status, placed.headers.get('idempotency-replayed')]).toEqual([201, null]);
    const read = await reader.call('GET', `/orders/${placed.body.id}`, {
      headers: { [TOKEN]: placed.headers.get(TOKEN) ?? '' },
    });
    expect([read.status, read.body]).toMatchObject([200, { userId, status: 'pending' }]);
  });
});

describe('a read that brings the token of a write', () => {
  it('sees that write on the reader, from the database and from the cache', async () => {
    for (let round = 0; round < 10; round += 1) {
      const sku = `ROLE-${randomUUID()}`;
      const price = { amount: 100, currency: 'GBP' };
      const made = await writer.post('/products', { sku, name: 'Read me', price, stock: 1 });
      const list = await reader.call('GET', `/products?sku=${sku}`, {
        headers: { [TOKEN]: made.headers.get(TOKEN) ?? '' },
      });
      expect(list.body.items.map(({ id }) => id)).toEqual([made.body.id]);
      const set = await writer.call('PUT', `/products/${made.body.id}/stock`, {
        body: { stock: 50 + round },
      });
      const product = await reader.call('GET', `/products/${made.body.id}`, {
        headers: { [TOKEN]: set.headers.get(TOKEN) ?? '' },
      });
      expect(product.body).toMatchObject({ stock: 50 + round });
    }
  });
});

describe('both', () => {
  const held = () => rowsOf('snowflake_workers WHERE holder IS NOT NULL');

  it(`are ready; the reader, idle, gives all but ${IDLE_OF_READER} connections to the primary back and has no worker id`, async () => {
    for (const { managementUrl } of platform.apis)
      expect((await fetch(`${managementUrl}/health/ready`)).status).toBe(200);
    expect(await held()).toEqual([1]);
    await eventually(async () => (await connections()).reader <= IDLE_OF_READER, { deadlineMs: 60_000 });
    console.log('connections to the primary, idle:', await connections());
    expect((await connections()).writer).toBeGreaterThan(MOST_OF_READER);
  });

  it('stop cleanly, and leave neither a connection nor a worker id', async () => {
    await Promise.all(platform.apis.map((api) => api.stop()));
    expect(platform.apis.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    await eventually(async () => expect(await connections()).toEqual({ writer: 0, reader: 0 }));
    expect(await held()).toEqual([0]);
    // What an account that may only SELECT was refused would be here.
    expect(await platform.apis[1]!.wholeLog()).not.toMatch(/command denied|read.only transaction/i);
  });
});
