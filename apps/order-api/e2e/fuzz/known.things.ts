import { randomUUID } from 'node:crypto';
import type { Platform } from '@fourfold-tools/e2e';
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Known } from './schema.arbitraries.js';

const SEVERAL = 5;
const several = <T>(make: (nth: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: SEVERAL }, (_, nth) => make(nth)));

/** Has a few of everything be there, so that requests that are valid find it. */
export async function thingsIn(platform: Platform): Promise<Known> {
  const { api, shop } = platform;
  const users = await several(() => shop.user());
  const products = await several(() => shop.product(1_000_000));
  const orders = await several(async (nth) => {
    const { body } = await shop.order(users[nth]!, [{ productId: products[nth]!, quantity: 1 }]);
    return body.id;
  });
  const reports = await several(async () => {
    const request = {
      type: 'sales',
      format: 'pdf',
      from: '2026-11-01',
      to: '2026-11-02',
      email: 'a@example.com',
    };
    const { body } = await api.post('/reports', request, { 'idempotency-key': randomUUID() });
    return body.id;
  });
  const queues = await api.get('/admin/queues');
  const cache = await api.get('/admin/cache');
  const things: Record<string, readonly string[]> = {
    '/v1/users/{id}': users,
    '/v1/products/{id}': products,
    '/v1/orders/{id}': orders,
    '/v1/reports/{id}': reports,
    name: queues.body.items.map(({ name }) => name),
    namespace: Object.keys(cache.body.namespaces),
    userId: users,
    productId: products,
    shard: ['shard-0', 'shard-4'],
    'If-Match': ['*', '"1"'],
    'If-None-Match': ['*', '"1"'],
  };
  return (name) => things[name];
}

/** The one migration that there is, as if an operator had just begun it: no worker is there to carry it out. @returns its id */
export async function plantMigration({ primary }: Platform): Promise<string> {
  await forgetMigrations({ primary });
  const plan = JSON.stringify({ batches: [{ from: 0, to: 9, donor: 'shard-0', receiver: 'shard-1' }] });
  const [{ insertId }] = await primary.query<ResultSetHeader>(
    `INSERT INTO ring_task (kind, shard, plan, state, token, created_at, state_since)
     VALUES ('remove', 'shard-0', ?, 'planned', 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [plan],
  );
  return String(insertId);
}

export async function forgetMigrations({ primary }: Pick<Platform, 'primary'>): Promise<void> {
  await primary.query('DELETE FROM ring_task');
}

/** Letters whose messages are out of attempts. @returns their ids */
export async function plantLetters({ primary }: Platform): Promise<string[]> {
  const run = randomUUID();
  for (let nth = 0; nth < 30; nth += 1) {
    await primary.query(
      `INSERT INTO outbox (msg_id, queue, payload, state, run_at, available_at)
       VALUES (?, 'email', '{}', 'dead', NOW(3), NOW(3))`,
      [`${run}-${nth}`],
    );
    await primary.query(
      `INSERT INTO dead_letters (queue, job_id, msg_id, reason, payload, error, errors, attempts, stalls, failed_at)
       VALUES ('email', ?, ?, 'attempts', '{}', 'no', '["Error: no"]', 4, 0, NOW(3))`,
      [`${run}-${nth}`, `${run}-${nth}`],
    );
  }
  const [rows] = await primary.query<RowDataPacket[]>(
    'SELECT CAST(id AS CHAR) AS id FROM dead_letters WHERE msg_id LIKE ?',
    [`${run}-%`],
  );
  return rows.map(({ id }) => String(id));
}
