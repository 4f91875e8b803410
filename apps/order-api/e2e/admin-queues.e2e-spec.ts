import { type Answer, type Platform, ShopFixture, startPlatform } from '@fourfold-tools/e2e';
import { eventually, topology } from '@fourfold-tools/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The order-api for which the queue Redis is away: nothing listens there. */
const AWAY = 1;
let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform({
    name: 'admin-queues',
    apis: 2,
    apiEnv: (_env, index) => (index === AWAY ? { QUEUE_REDIS_URL: 'redis://127.0.0.1:1' } : {}),
    // Its ticks are far away.
    workerEnv: { WAREHOUSE_CRON: '0 0 1 1 *' },
  });
});
afterAll(() => platform?.stop());

const overview = async () => (await platform.api.get('/admin/queues')).body.items;
const queueOf = async (name: string) => (await overview()).find((queue) => queue.name === name)!;
const set = (name: string, call: 'pause' | 'resume') =>
  platform.api.post(`/admin/queues/${encodeURIComponent(name)}/${call}`);

/** A line of the log may come after the answer that it is about. */
const hasLogged = (...lines: string[]) =>
  eventually(() => lines.every((line) => platform.apis[0]!.log.includes(line)));

/** As time would: every worker of the queue was heard of that much earlier. */
async function ageHeartbeats(queue: string, ms: number): Promise<void> {
  const redis = new Redis(topology().redisQueue.url);
  try {
    const key = `${platform.queuePrefix}:${queue}:workers`;
    for (const worker of await redis.zrange(key, 0, -1)) await redis.zincrby(key, -ms, worker);
  } finally {
    redis.disconnect();
  }
}

/** Of a product of which there is enough. */
async function order(): Promise<Answer<{ id: string }>> {
  const { shop } = platform;
  return shop.order(await shop.user(), [{ productId: await shop.product(5), quantity: 1 }]);
}

describe('the routes under /v1/admin/queues', () => {
  it.each([
    ['GET', ''],
    ['POST', '/inventory/pause'],
    ['POST', '/inventory/resume'],
    ['POST', '/inventory/run-now'],
  ])('%s …%s is for operators', async (method, path) => {
    const customer = platform.api.as(await platform.customerToken('1'));
    const call = (token?: null) =>
      customer.call(method, `/admin/queues${path}`, token === null ? { token } : {});
    expect(await call()).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await call(null)).toMatchObject({ status: 401, body: { code: 'token-missing' } });
  });
});

describe('GET /v1/admin/queues', () => {
  it('shows each queue of the shop, how it is and how it is worked off', async () => {
    await eventually(async () => {
      const { status, body } = await platform.api.get('/admin/queues');
      expect([status, body.nextCursor]).toEqual([200, null]);
      expect(body.items.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['inventory', 'order-index', 'email', 'cache-invalidation']),
      );
      expect(body.items[0]).toEqual({
        name: 'inventory',
        counts: { waiting: 0, active: 0, delayed: 0, failed: 0, paused: 0 },
        paused: false,
        oldestWaitingMs: null,
        workers: 1,
        concurrency: expect.any(Number),
        attempts: 4,
        priority: expect.stringMatching(/high|normal|low/),
        isolation: 'in-process',
        schedule: null,
      });
    });
  });

  it('does not count a worker that was killed, once its heartbeat is 15 s old, and counts its successor', async () => {
    await platform.worker.kill();
    expect((await queueOf('email')).workers).toBe(1);
    await ageHeartbeats('email', 15_000);
    await eventually(async () => expect((await queueOf('email')).workers).toBe(0));
    await platform.worker.start();
    await eventually(async () => expect((await queueOf('email')).workers).toBe(1));
  });
});

describe('pausing a queue', () => {
  it('keeps orders pending until it is resumed, and the answer and the log say who did it', async () => {
    expect(await set('inventory', 'pause')).toMatchObject({
      status: 200,
      body: { name: 'inventory', paused: true, changed: true },
    });
    expect(await set('inventory', 'pause')).toMatchObject({ status: 200, body: { changed: false } });
    const { status, body } = await order();
    expect(status).toBe(201);
    await eventually(async () => {
      const { paused, counts, oldestWaitingMs } = await queueOf('inventory');
      expect({ paused, counts }).toEqual({
        paused: true,
        counts: { waiting: 0, active: 0, delayed: 0, failed: 0, paused: 1 },
      });
      expect(oldestWaitingMs).toBeGreaterThan(0);
    });
    expect((await platform.api.get(`/orders/${body.id}`)).body).toMatchObject({ status: 'pending' });

    expect(await set('inventory', 'resume')).toMatchObject({
      status: 200,
      body: { name: 'inventory', paused: false, changed: true },
    });
    expect(await platform.shop.settled(body.id)).toMatchObject({ status: 'confirmed' });
    await hasLogged('Queue inventory was paused by e2e', 'Queue inventory was resumed by e2e');
  });

  it.each(['nowhere', 'Inventory', '__proto__', 'inventory:wait', 'a/b'])(
    'that is called %j answers 404',
    async (name) => {
      for (const call of ['pause', 'resume'] as const) {
        const { status, body } = await set(name, call);
        expect([status, body.code]).toEqual([404, 'queue-not-found']);
        expect(body.detail).toContain('inventory, order-index, email');
      }
    },
  );
});

describe('a run now', () => {
  it('of a schedule is added beside its next tick, once, and the log says who asked for it', async () => {
    const before = await eventually(async () => (await queueOf('warehouse-sync')).schedule ?? false);
    const next = new Date(Date.UTC(new Date().getUTCFullYear() + 1, 0)).toISOString();
    expect(before).toMatchObject({ cron: '0 0 1 1 *', timeZone: 'UTC', nextRunAt: next, lastRun: null });
    const run = () => platform.api.post('/admin/queues/warehouse-sync/run-now');
    await set('warehouse-sync', 'pause');
    const asked = await run();
    expect(asked).toMatchObject({ status: 202, body: { name: 'warehouse-sync' } });
    expect((await queueOf('warehouse-sync')).counts).toMatchObject({ paused: 1, delayed: 1 });
    expect(await run()).toMatchObject({ status: 409, body: { code: 'run-under-way' } });
    await hasLogged('A run of queue warehouse-sync was asked for by e2e');
    await set('warehouse-sync', 'resume');
    await eventually(async () =>
      expect((await queueOf('warehouse-sync')).schedule).toMatchObject({
        nextRunAt: next,
        lastRun: { outcome: 'succeeded', endedAt: expect.any(String) },
        lastSuccessAt: expect.any(String),
      }),
    );
    const metrics = await eventually(async () => {
      const text = await platform.worker.metrics();
      return text.includes('queue_schedule_overdue_after_timestamp_seconds{') && text;
    });
    expect(metrics).toMatch(
      /^queue_schedule_last_success_timestamp_seconds\{.*queue="warehouse-sync".*\} [1-9]/m,
    );
  });

  it('of a queue that has no schedule is refused, and of one that is not there', async () => {
    const run = (name: string) => platform.api.post(`/admin/queues/${name}/run-now`);
    expect(await run('inventory')).toMatchObject({ status: 409, body: { code: 'queue-not-scheduled' } });
    expect(await run('nowhere')).toMatchObject({ status: 404, body: { code: 'queue-not-found' } });
  });
});

describe('while the queue Redis is away', () => {
  it('order-api starts, is ready and accepts orders, and the routes of the queues say at once that they can’t', async () => {
    const service = platform.apis[AWAY]!;
    const ready = await fetch(`${service.managementUrl}/health/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ details: { 'queue-redis': { status: 'degraded' } } });
    const api = platform.apiAt(AWAY);
    const shop = new ShopFixture(api);
    const [userId, productId] = [await shop.user(), await shop.product(5)];
    const placed = await shop.order(userId, [{ productId, quantity: 1 }]);
    expect(placed.status).toBe(201);
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/inventory/pause'],
      ['POST', '/inventory/resume'],
      ['POST', '/inventory/run-now'],
    ] as const) {
      const answer = await api.call(method, `/admin/queues${path}`);
      expect([answer.status, answer.body['code']]).toEqual([503, 'queue-unavailable']);
      expect(answer.headers.get('retry-after')).toBe('2');
    }
    const metrics = await service.metrics();
    expect(metrics).toMatch(/^queue_redis_up\{[^}]*\} 0$/m);
    expect(metrics).not.toMatch(/^queue_jobs\{/m);
    // The worker has its Redis, and polls.
    expect(await shop.settled(placed.body.id)).toMatchObject({ status: 'confirmed' });
  });
});
