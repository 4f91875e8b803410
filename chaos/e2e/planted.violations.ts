import { topology, withDatabase } from '@fourfold-tools/testing';
import { createConnection, type Pool, type RowDataPacket } from 'mysql2/promise';
import type { HealthyShop } from './healthy.shop.js';
import { mailForger } from './mail.forger.js';

type Undo = () => Promise<unknown>;

export interface Plant {
  invariant: string;
  what: string;
  /** Does the damage. @returns what makes it good */
  plant: (shop: HealthyShop) => Promise<Undo>;
}

/** An id that no order has. */
const NOBODYS_ORDER = '4711';
const CREATED_AT = new Date('2026-01-01T00:00:00Z');

export const plants: readonly Plant[] = [
  {
    invariant: 'stock',
    what: 'a unit that comes from nowhere',
    plant: ({ platform: { primary } }) =>
      changed(primary, 'stock', 'available', ['available - 1', 'available + 1'], 'TRUE ORDER BY product_id'),
  },
  {
    invariant: 'accepted-order-exists',
    what: 'an accepted order that is gone',
    plant: async ({ platform: { primary }, rejected }) => {
      const items = await taken(primary, 'order_items', 'order_id = ?', rejected[0]!.id);
      const order = await taken(primary, 'orders', 'id = ?', rejected[0]!.id);
      return async () => {
        await order();
        await items();
      };
    },
  },
  {
    invariant: 'left-pending',
    what: 'an order that is pending',
    plant: ({ platform: { primary }, rejected }) =>
      changed(primary, 'orders', 'status', ["'rejected'", "'pending'"], `id = ${rejected[0]!.id}`),
  },
  {
    invariant: 'index-row',
    what: 'an order without its row on its user’s shard',
    plant: async (shop) => {
      const order = shop.confirmed[0]!;
      const shard = shop.platform.shards[(await shop.shardsOf(order)).own]!;
      await shard.query('DELETE FROM user_orders WHERE order_id = ?', [order.id]);
      return () => indexed(shard, order.userId, order.id);
    },
  },
  {
    invariant: 'no-stray-index-row',
    what: 'a second row on another shard',
    plant: async (shop) => {
      const order = shop.confirmed[0]!;
      const shard = shop.platform.shards[(await shop.shardsOf(order)).other]!;
      await indexed(shard, order.userId, order.id);
      return () => shard.query('DELETE FROM user_orders WHERE order_id = ?', [order.id]);
    },
  },
  {
    invariant: 'no-stray-index-row',
    what: 'a row about an order that is not there',
    plant: async (shop) => {
      const order = shop.confirmed[0]!;
      const shard = shop.platform.shards[(await shop.shardsOf(order)).own]!;
      await indexed(shard, order.userId, NOBODYS_ORDER);
      return () => shard.query('DELETE FROM user_orders WHERE order_id = ?', [NOBODYS_ORDER]);
    },
  },
  {
    invariant: 'email-sent',
    what: 'an e-mail row that is still sending',
    plant: ({ platform: { primary }, confirmed }) =>
      changed(primary, 'emails', 'state', ["'sent'", "'sending'"], `order_id = ${confirmed[0]!.id}`),
  },
  {
    invariant: 'email-sent',
    what: 'a second e-mail row',
    plant: async ({ platform: { primary }, confirmed }) => {
      await mailRow(primary, 'planted', confirmed[0]!.id);
      return () => primary.query("DELETE FROM emails WHERE msg_id = 'planted'");
    },
  },
  {
    invariant: 'one-mail',
    what: 'a mail that came twice',
    plant: async ({ confirmed }) => {
      const subject = `Order ${confirmed[0]!.id} confirmed`;
      await mailForger.add(subject);
      return () => mailForger.remove(subject);
    },
  },
  {
    invariant: 'one-mail',
    what: 'a mail that never came',
    plant: async ({ rejected }) => {
      const subject = `Order ${rejected[0]!.id} can’t be delivered`;
      await mailForger.remove(subject);
      return () => mailForger.add(subject);
    },
  },
  {
    invariant: 'mail-subject',
    what: 'a mail that says the opposite',
    plant: async ({ confirmed }) => {
      const [right, wrong] = ['confirmed', 'can’t be delivered'].map(
        (end) => `Order ${confirmed[0]!.id} ${end}`,
      );
      await mailForger.remove(right!);
      await mailForger.add(wrong!);
      return async () => {
        await mailForger.remove(wrong!);
        await mailForger.add(right!);
      };
    },
  },
  {
    invariant: 'order-events',
    what: 'a confirmation that is not in the log',
    plant: ({ platform: { primary }, confirmed }) =>
      taken(primary, 'order_events', "event = 'confirmed' AND order_id = ?", confirmed[0]!.id),
  },
  {
    invariant: 'order-events',
    what: 'two outcomes of an order in the log',
    plant: async ({ platform: { primary }, confirmed }) => {
      await logged(primary, confirmed[0]!.id, 'rejected');
      return () =>
        primary.query("DELETE FROM order_events WHERE event = 'rejected' AND order_id = ?", [
          confirmed[0]!.id,
        ]);
    },
  },
  {
    invariant: 'key-has-order',
    what: 'a key with another order than its client was told of',
    plant: ({ platform: { primary }, confirmed: [first, second] }) =>
      changed(
        primary,
        'idempotency_keys',
        'order_id',
        [first!.id, second!.id],
        `JSON_VALUE(response_body, '$.id') = ${first!.id}`,
      ),
  },
  {
    invariant: 'key-has-order',
    what: 'a key that is forgotten',
    plant: ({ platform: { primary }, confirmed }) =>
      taken(primary, 'idempotency_keys', 'order_id = ?', confirmed[0]!.id),
  },
  {
    invariant: 'order-has-key',
    what: 'an order, complete with everything, that no client asked for',
    plant: async (shop) => {
      const { primary, shards } = shop.platform;
      const user = shop.rejected[0]!;
      const shard = shards[(await shop.shardsOf(user)).own]!;
      const subject = `Order ${NOBODYS_ORDER} can’t be delivered`;
      await primary.query(
        `INSERT INTO orders (id, user_id, status, total_minor, currency, shipping_address, created_at)
         VALUES (?, ?, 'rejected', 0, 'GBP', 'nowhere', ?)`,
        [NOBODYS_ORDER, user.userId, CREATED_AT],
      );
      await indexed(shard, user.userId, NOBODYS_ORDER);
      await mailRow(primary, 'planted', NOBODYS_ORDER);
      for (const event of ['placed', 'rejected']) await logged(primary, NOBODYS_ORDER, event);
      await mailForger.add(subject);
      return async () => {
        await mailForger.remove(subject);
        await primary.query("DELETE FROM emails WHERE msg_id = 'planted'");
        await primary.query('DELETE FROM order_events WHERE order_id = ?', [NOBODYS_ORDER]);
        await shard.query('DELETE FROM user_orders WHERE order_id = ?', [NOBODYS_ORDER]);
        await primary.query('DELETE FROM orders WHERE id = ?', [NOBODYS_ORDER]);
      };
    },
  },
  ...['pending', 'published', 'dead'].map((state) => ({
    invariant: 'outbox-done',
    what: `a message that is ${state}`,
    plant: ({ platform: { primary }, confirmed }: HealthyShop) =>
      changed(
        primary,
        'outbox',
        'state',
        ["'done'", `'${state}'`],
        `msg_id = 'order-placed:${confirmed[0]!.id}'`,
      ),
  })),
  {
    invariant: 'no-dead-letter',
    what: 'a dead letter that is still open',
    plant: async ({ platform: { primary, id } }) => {
      await deadLetterTable(id);
      await primary.query(
        `INSERT INTO dead_letters (queue, job_id, msg_id, reason, payload, error, errors, attempts, stalls, failed_at, status)
         VALUES ('email', 'ob-1', 'planted', 'attempts', '{}', '', '[]', 3, 0, ?, 'open')`,
        [CREATED_AT],
      );
      return () => primary.query("DELETE FROM dead_letters WHERE msg_id = 'planted'");
    },
  },
  ...['wait', 'paused', 'active'].map((state) => job(state, (shop, key) => shop.redis.rpush(key, 'ob-1'))),
  ...['delayed', 'failed'].map((state) => job(state, (shop, key) => shop.redis.zadd(key, 1, 'ob-1'))),
];

/** In a queue that no worker looks at: a blocked one would be handed the job although it stands still. */
function job(state: string, add: (shop: HealthyShop, key: string) => Promise<unknown>): Plant {
  return {
    invariant: 'queues-empty',
    what: `a job in state ${state}`,
    plant: async (shop) => {
      const key = `${shop.platform.queuePrefix}:planted:${state}`;
      await add(shop, key);
      return () => shop.redis.del(key);
    },
  };
}

/** Sets one row's column, and back. */
async function changed(
  pool: Pool,
  table: string,
  column: string,
  [right, wrong]: [string, string],
  where: string,
): Promise<Undo> {
  const set = (value: string) =>
    pool.query(`UPDATE ${table} SET ${column} = ${value} WHERE ${where} LIMIT 1`);
  await set(wrong);
  return () => set(right);
}

/** Takes rows away, and puts them back as they were. */
async function taken(pool: Pool, table: string, where: string, value: string): Promise<Undo> {
  const [rows] = await pool.query<RowDataPacket[]>(`SELECT * FROM ${table} WHERE ${where}`, [value]);
  await pool.query(`DELETE FROM ${table} WHERE ${where}`, [value]);
  return async () => {
    for (const row of rows) await pool.query(`INSERT INTO ${table} SET ?`, [row]);
  };
}

const indexed = (shard: Pool, userId: string, orderId: string) =>
  shard.query('INSERT INTO user_orders (user_id, order_id, created_at) VALUES (?, ?, ?)', [
    userId,
    orderId,
    CREATED_AT,
  ]);

const mailRow = (primary: Pool, messageId: string, orderId: string) =>
  primary.query(
    "INSERT INTO emails (msg_id, order_id, state, recipient) VALUES (?, ?, 'sent', 'x@example.com')",
    [messageId, orderId],
  );

const logged = (primary: Pool, orderId: string, event: string) =>
  primary.query('INSERT INTO order_events (order_id, event, occurred_at, total_minor) VALUES (?, ?, ?, 0)', [
    orderId,
    event,
    CREATED_AT,
  ]);

/** The columns that a dead letter has at least, in a schema that has no dead letters yet. */
async function deadLetterTable(database: string): Promise<void> {
  const connection = await createConnection({ uri: withDatabase(topology().primary.migrateUrl, database) });
  await connection.query(`
    CREATE TABLE IF NOT EXISTS dead_letters (
      id        BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
      queue     VARCHAR(64)  NOT NULL,
      job_id    VARCHAR(255) NOT NULL,
      msg_id    VARCHAR(100) NOT NULL,
      reason    VARCHAR(64)  NOT NULL,
      payload   LONGTEXT     NOT NULL,
      error     TEXT         NOT NULL,
      errors    LONGTEXT     NOT NULL,
      attempts  INT UNSIGNED NOT NULL,
      stalls    INT UNSIGNED NOT NULL,
      failed_at DATETIME(3)  NOT NULL,
      status    VARCHAR(16)  NOT NULL
    )
  `);
  await connection.end();
}
