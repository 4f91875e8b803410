import { createHash } from 'node:crypto';
import { createPool, type PoolConnection } from 'mysql2/promise';
import type { LoadReport, RawJob } from './load.jobs.js';

let orders = 0n;
const firstId = BigInt(Date.now()) << 20n;
const address = '12 St James’s Square, London';

/** The rows of an order as order-api writes them, each order in a transaction of its own, through mysql2 alone. */
export async function placeRawOrders(job: RawJob): Promise<Omit<LoadReport, 'cpuSeconds'>> {
  const { url, connections, ms } = job;
  const pool = createPool({ uri: url, connectionLimit: connections, timezone: 'Z' });
  const latencies: number[] = [];
  // A pool opens its connections one by one as they are asked for: that is not what is measured.
  const opened = await Promise.all(Array.from({ length: connections }, () => pool.getConnection()));
  for (const connection of opened) connection.release();
  const startedMs = performance.now();
  const placer = async () => {
    for (let nowMs = performance.now(); nowMs - startedMs < ms;) {
      const beganMs = nowMs;
      const connection = await pool.getConnection();
      await placeOne(connection).finally(() => connection.release());
      nowMs = performance.now();
      latencies.push(nowMs - beganMs);
    }
  };
  await Promise.all(Array.from({ length: connections }, placer));
  const tookMs = performance.now() - startedMs;
  await pool.end();
  latencies.sort((a, b) => a - b);
  const quantile = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? Number.NaN;
  return { done: latencies.length, ms: tookMs, p50Ms: quantile(0.5), p99Ms: quantile(0.99), wrong: {} };
}

async function placeOne(connection: PoolConnection): Promise<void> {
  const id = String(firstId + (orders += 1n));
  const userId = String(1_000_000n + (orders % 400n));
  const now = new Date();
  const items = [
    { productId: '1001', quantity: 1, unitPrice: { amount: 450, currency: 'GBP' } },
    { productId: '1002', quantity: 1, unitPrice: { amount: 450, currency: 'GBP' } },
  ];
  const total = { amount: 900, currency: 'GBP' };
  const body = JSON.stringify({
    id,
    userId,
    status: 'pending',
    items,
    total,
    shippingAddress: address,
    createdAt: now,
  });
  const hash = createHash('sha256').update(JSON.stringify({ userId, items, address })).digest();
  const message = (kind: string, queue: string, payload: object) => [
    `${kind}:${id}`,
    queue,
    JSON.stringify(payload),
    now,
    now,
  ];
  await connection.beginTransaction();
  await connection.query(
    'INSERT INTO idempotency_keys (caller, route, idempotency_key, request_hash, order_id, response_body) VALUES ?',
    [[[`customer:${userId}`, 'POST /v1/orders', `raw-${id}`, hash, id, body]]],
  );
  await connection.query(
    'INSERT INTO orders (id, user_id, status, total_minor, currency, shipping_address, version, created_at) VALUES ?',
    [[[id, userId, 'pending', total.amount, total.currency, address, 1, now]]],
  );
  await connection.query(
    'INSERT INTO order_items (order_id, product_id, line, quantity, unit_price_minor) VALUES ?',
    [
      items.map(({ productId, quantity, unitPrice }, line) => [
        id,
        productId,
        line,
        quantity,
        unitPrice.amount,
      ]),
    ],
  );
  await connection.query('INSERT INTO outbox (msg_id, queue, payload, run_at, available_at) VALUES ?', [
    [
      message('order-placed', 'inventory', { orderId: id }),
      message('order-index', 'order-index', { orderId: id, userId, createdAt: now }),
    ],
  ]);
  await connection.commit();
}
