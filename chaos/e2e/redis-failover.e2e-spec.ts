import { eventually, RedisFailoverFixture } from '@fourfold-tools/testing';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';

const BEFORE = 20;
const DURING = 40;
const STOCK = 1_000;

let queueRedis: RedisFailoverFixture;
let cacheRedis: RedisFailoverFixture;
let platform: Platform;

/** The second order-api has the plain address of the server that is the master at first. */
beforeAll(async () => {
  queueRedis = await RedisFailoverFixture.start('--appendonly', 'yes', '--maxmemory-policy', 'noeviction');
  cacheRedis = await RedisFailoverFixture.start('--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lfu');
  const env = (url: 'url' | 'plainUrl') => ({
    QUEUE_REDIS_URL: queueRedis[url],
    CACHE_REDIS_URL: cacheRedis[url],
  });
  platform = await startPlatform({
    name: 'redis-failover',
    apis: 2,
    apiEnv: (_env, index) => env(index === 0 ? 'url' : 'plainUrl'),
    workerEnv: env('url'),
  });
});
afterAll(async () => {
  await platform?.stop();
  await Promise.all([queueRedis?.dispose(), cacheRedis?.dispose()]);
});

async function countWhere(condition: string): Promise<number> {
  const [rows] = await platform.primary.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${condition}`);
  return Number(rows[0]!['n']);
}

const queuesOf = async (index: number) => (await platform.apiAt(index).get('/admin/queues')).status;

it('both Redis masters are killed under load: orders are taken, and all settle once replicas are promoted', async () => {
  const { shop } = platform;
  const [userId, productId] = [await shop.user(), await shop.product(STOCK)];
  const order = async () => {
    const { status, body, text } = await shop.order(userId, [{ productId, quantity: 1 }]);
    if (status !== 201) throw new Error(`an order was answered ${status}: ${text}`);
    return body.id;
  };
  const ids: string[] = [];
  for (let n = 0; n < BEFORE; n++) ids.push(await order());
  expect([await queuesOf(0), await queuesOf(1)]).toEqual([200, 200]);

  await Promise.all([queueRedis.killMaster(), cacheRedis.killMaster()]);
  for (let n = 0; n < DURING; n++) ids.push(await order());
  await Promise.all([queueRedis.promoted(), cacheRedis.promoted()]);

  for (const id of ids) expect(await shop.settled(id, 120_000)).toMatchObject({ status: 'confirmed' });
  await eventually(async () => (await countWhere("outbox WHERE state <> 'done'")) === 0, {
    deadlineMs: 120_000,
  });
  expect(await shop.stockOf(productId)).toBe(STOCK - ids.length);
  const mails = (await platform.mails()).filter(({ subject }) => ids.some((id) => subject.includes(id)));
  expect(mails.map(({ subject }) => subject).sort()).toEqual(ids.map((id) => `Order ${id} confirmed`).sort());

  // Through a Sentinel the new master is found; by the address of the old one it is not.
  expect([await queuesOf(0), await queuesOf(1)]).toEqual([200, 503]);
});
