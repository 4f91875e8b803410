import type { AssembledCache } from '@fourfold/cache';
import { Outbox } from '@fourfold/outbox';
import type { ShardRouter } from '@fourfold/sharding';
import type { OrderIndexEntry, ShopQueue } from '@shop/contracts';
import { eventually, topology } from '@fourfold-tools/testing';
import { EntityManager } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { OrdersDatabase } from '../testing/orders-database.js';
import { indexMessage } from './index-messages.js';
import { OrderIndex } from './order.index.js';

let orders: OrdersDatabase;

beforeAll(async () => {
  orders = await OrdersDatabase.start();
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => orders?.close());

/** A shard that takes all entries but those of one user. */
const AWAY = '404';
const shards = {
  repository: () => ({}),
  groupedInsert: () => async (entry: OrderIndexEntry) => {
    if (entry.userId === AWAY) throw new Error('the shard is away');
  },
} as unknown as ShardRouter;

function indexWith({ cache }: Pick<AssembledCache, 'cache'>): OrderIndex {
  return new OrderIndex(shards, cache, orders.dataSource, new Outbox<ShopQueue>());
}

/** As the transaction that places the order leaves it. */
async function placed(userId = '7'): Promise<OrderIndexEntry> {
  const entry = { orderId: orders.nextId(), userId, createdAt: new Date().toISOString() };
  const message = indexMessage(entry, undefined, Date.now());
  await new Outbox<ShopQueue>().add(orders.dataSource.manager, message);
  return entry;
}

const messagesOf = async (entries: readonly OrderIndexEntry[]): Promise<string[]> =>
  (await Promise.all(entries.map(({ orderId }) => orders.messagesAbout(orderId)))).flat();

describe('an entry that is written as its order is placed', () => {
  it('takes its message back from the queue, which is not due yet, in one statement with its neighbours', async () => {
    const index = indexWith(await orders.openCache(topology().redisCache.url));
    const entries = await Promise.all(Array.from({ length: 20 }, () => placed()));
    const due = 'SELECT COUNT(*) AS due FROM outbox WHERE run_at <= NOW(3) + INTERVAL 1 SECOND';
    expect(await orders.dataSource.query(due)).toMatchObject([{ due: '0' }]);
    const sent = vi.spyOn(EntityManager.prototype, 'query');
    await Promise.all(entries.map((entry) => index.recordSoon(entry)));
    await eventually(async () => (await messagesOf(entries)).length === 0);
    expect(sent.mock.calls.filter(([sql]) => /^\s*DELETE/.test(sql))).toHaveLength(1);
  });

  it('leaves it there when the shard did not take it, for one as for none of its neighbours', async () => {
    const index = indexWith(await orders.openCache(topology().redisCache.url));
    const [lost, kept] = [await placed(AWAY), await placed()];
    await Promise.all([lost, kept].map((entry) => index.recordSoon(entry)));
    await eventually(async () => (await messagesOf([kept])).length === 0);
    expect(await messagesOf([lost])).toEqual([`order-index:${lost.orderId}`]);
  });

  it('leaves it there when the cache could not be told', async () => {
    const opened = await orders.openCache(topology().redisCache.url);
    const index = indexWith(opened);
    const [lost, kept] = [await placed(), await placed()];
    vi.spyOn(opened.cache, 'invalidate').mockResolvedValueOnce({ deferred: true });
    await index.recordSoon(lost);
    await index.recordSoon(kept);
    await eventually(async () => (await messagesOf([kept])).length === 0);
    expect(await messagesOf([lost])).toEqual([`order-index:${lost.orderId}`]);
  });
});
