import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, FaultProxy, topology } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PATH = '/admin/queues';

let platform: Platform;
let board: string;
let operator: string;
let customer: string;
/** Before the worker's queue Redis. */
let redis: FaultProxy;

beforeAll(async () => {
  redis = await new FaultProxy(topology().redisQueue.url).open();
  platform = await startPlatform({ name: 'queue-board', workerEnv: { QUEUE_REDIS_URL: redis.url } });
  board = platform.worker.managementUrl + PATH;
  operator = await platform.operatorToken();
  customer = await platform.customerToken('1');
});
afterAll(async () => {
  await platform?.stop();
  await redis?.close();
});

const bearer = (token: string) => `Bearer ${token}`;
const basic = (token: string, user = 'ops') => `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;
const ask = (path: string, authorization?: string, init: RequestInit = {}) =>
  fetch(board + path, { ...init, headers: { ...init.headers, ...(authorization ? { authorization } : {}) } });
const queuesSeen = async () => {
  const answer = await ask('/api/queues?activeQueue=inventory&status=latest', bearer(operator));
  return (await answer.json()) as {
    queues: { name: string; readOnlyMode: boolean; isPaused: boolean; counts: Record<string, number> }[];
  };
};

const anyPath = ['', '/', '/api/queues', '/api/redis/stats', '/static/images/logo.svg', '/queue/inventory'];

describe('the queue board on the worker’s management port', () => {
  it.each(anyPath)('%s asks for a token, in a way that a browser understands', async (path) => {
    const answer = await ask(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      401,
      expect.stringContaining('application/problem+json'),
    ]);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="[^"]+", Bearer$/);
    expect(await answer.json()).toMatchObject({ code: 'token-missing', status: 401 });
  });

  it.each(anyPath)('%s is not for customers', async (path) => {
    for (const authorization of [bearer(customer), basic(customer)]) {
      const answer = await ask(path, authorization);
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({ code: 'forbidden' });
    }
  });

  it.each([
    ['a token that is none', bearer('a.b.c')],
    ['a password that is none', basic('secret')],
    ['a token in place of the name', basic('', 'token')],
    ['another scheme', 'Digest username="ops"'],
  ])('refuses %s', async (_what, authorization) => {
    expect((await ask('', authorization)).status).toBe(401);
  });

  it('refuses two tokens, though the first is good', async () => {
    const { hostname, port, pathname: path } = new URL(board);
    const two = [bearer(operator), bearer('a.b.c')].flatMap((value) => ['Authorization', value]);
    const sent = request({ hostname, port, path, headers: ['Host', hostname, ...two] }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(401);
  });

  it.each([
    ['by its token', () => bearer(operator)],
    ['by HTTP Basic with the token as password, as a browser sends it', () => basic(operator)],
    ['by HTTP Basic without a name', () => basic(operator, '')],
  ])('lets an operator in %s', async (_how, authorization) => {
    const page = await ask('', authorization());
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/html'),
    ]);
    const html = await page.text();
    expect(html).toContain('<base href="/admin/queues/"');
    const scripts = Array.from(html.matchAll(/(?:src|href)="(static\/[^"]+)"/g), ([, path]) => `/${path}`);
    expect(scripts.length).toBeGreaterThan(1);
    for (const path of scripts) expect((await ask(path, authorization())).status, path).toBe(200);
  });

  it('shows the shop’s queues and their jobs, each read-only', async () => {
    const { shop } = platform;
    const [userId, productId] = [await shop.user(), await shop.product(5)];
    const { body } = await shop.order(userId, [{ productId, quantity: 1 }]);
    await shop.settled(body.id);
    const { queues } = await queuesSeen();
    expect(queues.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['inventory', 'order-index', 'email', 'cache-invalidation']),
    );
    expect(queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
    expect(queues[0]!.counts).toMatchObject({ waiting: 0, failed: 0 });
  });

  it.each([
    ['PUT', '/api/queues/pause'],
    ['PUT', '/api/queues/inventory/pause'],
    ['PUT', '/api/queues/inventory/empty'],
    ['PUT', '/api/queues/inventory/obliterate'],
    ['PUT', '/api/queues/inventory/retry/failed'],
    ['PUT', '/api/queues/inventory/clean/failed'],
    ['PUT', '/api/queues/inventory/promote'],
    ['PUT', '/api/queues/inventory/1/retry'],
    ['PUT', '/api/queues/inventory/1/clean'],
    ['PATCH', '/api/queues/inventory/1/update-data'],
    ['POST', '/api/queues/inventory/add'],
  ])('refuses %s %s, to an operator too', async (method, path) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await ask(path, bearer(operator), { method, headers, body: '{}' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await answer.json()).toMatchObject({ code: 'board-read-only' });
    expect((await ask(path, undefined, { method, headers, body: '{}' })).status).toBe(401);
    expect((await queuesSeen()).queues.some(({ isPaused }) => isPaused)).toBe(false);
  });

  it('leaves health and metrics open, and is not there on any port of the API', async () => {
    const { worker, apis, baseUrl } = platform;
    for (const path of ['/health/live', '/health/ready', '/metrics']) {
      expect((await fetch(worker.managementUrl + path)).status).toBe(200);
    }
    for (const url of [baseUrl, apis[0]!.managementUrl]) {
      const answer = await fetch(url + PATH, { headers: { authorization: bearer(operator) } });
      expect(answer.status).toBe(404);
    }
  });

  it.each(['/api/queues/none/1', '/static/none.js'])('%s, which is not there, is a problem', async (path) => {
    const answer = await ask(path, bearer(operator));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      404,
      expect.stringContaining('application/problem+json'),
    ]);
  });

  it('says that the queue Redis is away, as a problem that the page can show', async () => {
    await redis.close();
    const answer = await ask('/api/queues', bearer(operator));
    await redis.open();
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('retry-after')]).toEqual([
      503,
      expect.stringContaining('application/problem+json'),
      '2',
    ]);
    const problem = (await answer.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ code: 'queue-unavailable', status: 503 });
    expect(problem['error']).toBe(problem['detail']);
    await eventually(async () => {
      expect((await ask('/api/queues', bearer(operator))).status).toBe(200);
      expect((await fetch(`${platform.worker.managementUrl}/health/ready`)).status).toBe(200);
    });
  });
});
