import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { type SeedChoice, seedData } from '@fourfold-tools/seed-data';
import { appEnvironment, stackOptionsFromEnv } from '@fourfold-tools/stack';
import { topology } from '@fourfold-tools/testing';
import { shardUrlsSchema } from '@fourfold/sharding';
import { Redis } from 'ioredis';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violationsIn } from '../src/oracle/invariants.js';
import { readEvidence } from '../src/oracle/read-evidence.js';

const ORDERS = 3_000;

let platform: Platform;
let redis: Redis;

beforeAll(async () => {
  platform = await startPlatform({ name: 'seeded' });
  redis = new Redis(topology().redisQueue.url);
});
afterAll(async () => {
  redis?.disconnect();
  await platform?.stop();
});

function choice(changes: Partial<SeedChoice> = {}): SeedChoice {
  const env = appEnvironment(stackOptionsFromEnv(platform.env, topology().repoRoot), {
    app: 'worker',
    database: platform.id,
    shardDatabase: platform.id,
  });
  return {
    orders: ORDERS,
    users: 150,
    products: 60,
    days: 1,
    seed: 1,
    // Keys of the first hour would be deleted in the middle of the test.
    untilMs: Date.now() + 3_600_000,
    primaryUrl: env['DB_PRIMARY_URL']!,
    shardUrls: shardUrlsSchema.parse(env['SHARD_URLS']),
    besideOthers: false,
    output: { write: () => {} },
    ...changes,
  };
}

async function numberOf(sql: string): Promise<number> {
  const [[row]] = await platform.primary.query<RowDataPacket[]>(`SELECT COUNT(*) AS rows_found ${sql}`);
  return Number(row?.['rows_found']);
}

describe('a platform that was filled', () => {
  it('violates no invariant but that of the mails, of which none was sent', async () => {
    const { rows, stockAtStart } = await seedData(choice());
    expect(rows).toBeGreaterThan(9 * ORDERS);
    const sources = { ...platform, mails: () => Promise.resolve([]), queueRedis: redis };
    const evidence = await readEvidence(sources);
    const users = new Map(evidence.orders.map(({ id, userId }) => [id, userId]));
    const accepted = evidence.keys.map(({ key, orderId }) => ({ key, orderId, userId: users.get(orderId)! }));
    expect(accepted).toHaveLength(ORDERS);
    const found = violationsIn(evidence, { stockAtStart, accepted });
    expect(found.filter(({ invariant }) => invariant !== 'one-mail')).toEqual([]);
    expect(found).toHaveLength(ORDERS);
  });

  it.each([
    [
      'an order has the total of its lines',
      `FROM orders WHERE total_minor <>
         (SELECT SUM(quantity * unit_price_minor) FROM order_items WHERE order_id = orders.id)`,
    ],
    [
      'a line has the price of its product',
      `FROM order_items AS item JOIN products ON products.id = item.product_id
       WHERE unit_price_minor <> price_minor`,
    ],
    [
      'a line is of an order and a product',
      `FROM order_items AS item LEFT JOIN orders ON orders.id = order_id LEFT JOIN products ON products.id = product_id
       WHERE orders.id IS NULL OR products.id IS NULL`,
    ],
    [
      'an order has lines',
      'FROM orders WHERE NOT EXISTS (SELECT 1 FROM order_items WHERE order_id = orders.id)',
    ],
    [
      'what a key answers is its order',
      `FROM idempotency_keys AS k JOIN orders ON orders.id = order_id
       WHERE JSON_VALUE(response_body, '$.id') <> order_id OR JSON_VALUE(response_body, '$.total.amount') <> total_minor`,
    ],
    ['a product has its stock', 'FROM products LEFT JOIN stock ON product_id = id WHERE available IS NULL'],
  ])('%s', async (_what, violations) => {
    expect(await numberOf(violations)).toBe(0);
  });

  it('is one to the API: its orders and users are found, and new orders are settled', async () => {
    const { api, shop, primary } = platform;
    const [[order]] = await primary.query<RowDataPacket[]>(
      "SELECT id, user_id AS userId FROM orders WHERE status = 'confirmed' LIMIT 1",
    );
    const [[product]] = await primary.query<RowDataPacket[]>(
      'SELECT product_id AS id FROM stock WHERE available > 10 LIMIT 1',
    );
    expect(await api.get(`/orders/${order!['id']}`)).toMatchObject({
      status: 200,
      body: { status: 'confirmed', userId: order!['userId'] },
    });
    const listed = await api.get(`/users/${order!['userId']}/orders?limit=1`);
    expect(listed.body).toMatchObject({ items: [{ userId: order!['userId'] }] });
    const placed = await shop.order(order!['userId'] as string, [
      { productId: product!['id'] as string, quantity: 1 },
    ]);
    expect(placed.status).toBe(201);
    expect(await shop.settled(placed.body.id)).toMatchObject({ status: 'confirmed' });
  });

  it('is not filled again unless that is asked for, and then not with the same', async () => {
    await expect(seedData(choice())).rejects.toThrow('The platform has products already');
    await expect(seedData(choice({ besideOthers: true }))).rejects.toThrow(/with the same --seed/);
    const before = await numberOf('FROM orders');
    await seedData(choice({ besideOthers: true, seed: 2, orders: 100, days: 2 }));
    expect(await numberOf('FROM orders')).toBe(before + 100);
  });
});
