import { randomInt, randomUUID } from 'node:crypto';
import { OutboxRelay } from '@fourfold/outbox';
import { sequence } from '@fourfold-tools/testing';
import { ProductReader } from '@shop/catalog';
import { IdempotencyRetention, OrderReader, PlaceOrder } from '@shop/orders';
import type { Contender } from '../measure.js';
import type { GrownShop } from './growth.server.js';
import type { UncachedShop } from './uncached.shop.js';

/** No order is asked for twice in a bench. */
const ORDERS = 20_000;
const PAGE = 20;
/** A page that begins behind so many orders of its user. */
const DEEP = 180;
const PRODUCTS = 50;
const BATCHES = 10;
const EXPIRED = 500 * BATCHES;
const ROUTE = 'POST /v1/orders';

type Work = Omit<Contender, 'name'>;

/** What the routes and the worker have the database do, by name. */
export async function worksOf(grown: GrownShop, shop: UncachedShop): Promise<Record<string, Work>> {
  const reader = shop.get(OrderReader);
  const products = shop.get(ProductReader);
  const placing = shop.get(PlaceOrder);
  const users = (atLeast: number) => column(shop.shard, USERS_WITH, [atLeast]);
  const firstProducts = await column(shop.dataSource, 'SELECT id FROM products LIMIT 1000', []);
  const requests = await requestsOf(shop);
  const deep: [userId: string, cursor: string][] = [];
  for (const userId of await users(DEEP + PAGE)) {
    const { nextCursor } = await reader.listOf(userId, { limit: DEEP });
    deep.push([userId, nextCursor!]);
  }
  await shop.dataSource.query('UPDATE stock SET available = available + 1000000');
  const drained = () =>
    shop.dataSource.query("UPDATE outbox SET state = 'done', done_at = NOW(3) WHERE state <> 'done'");
  return {
    'order by id': { once: each(await ordersOf(grown, shop), (id) => reader.get(id)) },
    'repeated request: the answer of its key': {
      once: each(requests, async (request) => {
        if (!(await placing.execute(request)).replayed) throw new Error('The key was not known');
      }),
    },
    'orders of a user, first page': {
      once: each(await users(PAGE), (id) => reader.listOf(id, { limit: PAGE })),
    },
    [`orders of a user, behind ${DEEP} others`]: {
      once: each(deep, ([id, cursor]) => reader.listOf(id, { limit: PAGE, cursor })),
    },
    'list of products': { once: each(firstProducts, (after) => products.list({ limit: PRODUCTS }, after)) },
    'order placed': {
      once: each(requests, (request) => placing.execute({ ...request, key: randomUUID() })),
      after: async () => void (await drained()),
    },
    'message from its commit to the queue': {
      once: () => handedOver(shop),
      after: async () => void (await drained()),
    },
    '500 old keys deleted': cleaning(shop),
  };
}

const USERS_WITH = 'SELECT user_id FROM user_orders GROUP BY user_id HAVING COUNT(*) >= ? LIMIT 1000';

/** Another one at each call, round and round. */
function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): () => Promise<unknown> {
  if (items.length === 0) throw new Error('There is nothing to ask for');
  let turn = 0;
  return () => work(items[(turn += 1) % items.length]!);
}

async function column(
  dataSource: UncachedShop['dataSource'],
  sql: string,
  parameters: unknown[],
): Promise<string[]> {
  const rows = await dataSource.query<object[]>(sql, parameters);
  return rows.map((row) => String(Object.values(row)[0]));
}

/** Of any age, each as likely as another. */
async function ordersOf({ orders }: GrownShop, { dataSource }: UncachedShop): Promise<string[]> {
  const [first, last] = await column(
    dataSource,
    'SELECT id FROM (SELECT MIN(id) AS id FROM orders UNION ALL SELECT MAX(id) FROM orders) AS ends',
    [],
  ).then((ends) => ends.map(BigInt));
  const ids: string[] = [];
  for (let nth = 0; nth < Math.min(ORDERS, orders); nth += 1) {
    const from = first! + ((last! - first!) * BigInt(randomInt(1_000_000))) / 1_000_000n;
    ids.push(
      ...(await column(dataSource, 'SELECT id FROM orders WHERE id >= ? ORDER BY id LIMIT 1', [
        from.toString(),
      ])),
    );
  }
  return ids;
}

/** Requests as they were made, from the answers that are kept. */
async function requestsOf({ dataSource }: UncachedShop) {
  const rows = await dataSource.query<{ caller: string; key: string; body: string }[]>(
    'SELECT caller, idempotency_key AS `key`, response_body AS body FROM idempotency_keys LIMIT 500',
  );
  return rows.map(({ caller, key, body }) => {
    const { userId, items, shippingAddress } = JSON.parse(body) as {
      userId: string;
      items: { productId: string; quantity: number }[];
      shippingAddress: string;
    };
    const lines = items.map(({ productId, quantity }) => ({ productId, quantity }));
    return { caller, route: ROUTE, key, body: { userId, items: lines, shippingAddress } };
  });
}

async function handedOver({ dataSource, handover, get }: UncachedShop): Promise<void> {
  const messageId = randomUUID();
  const taken = handover.taken(messageId);
  await dataSource.query(
    "INSERT INTO outbox (msg_id, queue, payload, run_at, available_at) VALUES (?, 'inventory', '{}', NOW(3), run_at)",
    [messageId],
  );
  get(OutboxRelay).nudge();
  await taken;
}

function cleaning({ dataSource }: UncachedShop): Work {
  const retention = new IdempotencyRetention(dataSource, 2 * 86_400);
  return {
    mostPerTurn: BATCHES,
    before: async () => {
      await dataSource.query(
        `INSERT INTO idempotency_keys
           (caller, route, idempotency_key, request_hash, order_id, response_body, created_at)
         SELECT CONCAT('customer:', FLOOR(RAND() * 1e9)), ?, UUID(), '', seq, REPEAT('x', 600), NOW(3) - INTERVAL 3 DAY
         FROM ${sequence(EXPIRED)}`,
        [ROUTE],
      );
    },
    once: () => retention.clean(),
    after: async () => {
      while ((await retention.clean()) > 0);
    },
  };
}
