import type { CaughtMail } from '@fourfold-tools/e2e';
import type { Redis } from 'ioredis';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import type { Evidence } from './evidence.js';

/** Where everything is that the invariants speak of. The pools give 64-bit columns as text. */
export interface EvidenceSources {
  primary: Pool;
  /** By shard name. */
  shards: Record<string, Pool>;
  mails(): Promise<CaughtMail[]>;
  queueRedis: Redis;
  /** Of the Bull keys. */
  queuePrefix: string;
}

const ORDERS = 'SELECT id, user_id AS userId, status FROM orders';
const STOCK = 'SELECT product_id AS id, available AS units FROM stock';
/** Primary key of `orders`, then of `order_items`. */
const UNITS_CONFIRMED = `
  SELECT item.product_id AS id, SUM(item.quantity) AS units
  FROM orders JOIN order_items item ON item.order_id = orders.id
  WHERE orders.status = 'confirmed'
  GROUP BY item.product_id
`;
const KEYS = 'SELECT idempotency_key AS `key`, order_id AS orderId FROM idempotency_keys';
const EMAILS = 'SELECT msg_id AS messageId, order_id AS orderId, state FROM emails';
const EVENTS = 'SELECT order_id AS orderId, event FROM order_events';
const OPEN_MESSAGES = "SELECT msg_id AS messageId, queue, state FROM outbox WHERE state <> 'done'";
const OPEN_DEAD_LETTERS = "SELECT msg_id AS messageId, queue, reason FROM dead_letters WHERE status = 'open'";
const INDEX_ROWS = 'SELECT user_id AS userId, order_id AS orderId FROM user_orders';
const USERS = 'SELECT id FROM users';

const listStates = ['wait', 'paused', 'active'];
const sortedSetStates = ['delayed', 'failed'];

/** Reads the whole of it, from the primary and not from its replicas. Judges nothing. */
export async function readEvidence(sources: EvidenceSources): Promise<Evidence> {
  const { primary } = sources;
  const shards = await Promise.all(Object.entries(sources.shards).map(readShard));
  const shardsOfUser = new Map<string, string[]>();
  for (const { shard, userIds } of shards)
    for (const id of userIds) shardsOfUser.set(id, [...(shardsOfUser.get(id) ?? []), shard]);
  return {
    orders: await rows(primary, ORDERS),
    stock: unitsById(await rows(primary, STOCK)),
    unitsConfirmed: unitsById(await rows(primary, UNITS_CONFIRMED)),
    keys: await rows(primary, KEYS),
    emails: await rows(primary, EMAILS),
    events: await rows(primary, EVENTS),
    openMessages: await rows(primary, OPEN_MESSAGES),
    openDeadLetters: await readDeadLetters(primary),
    shardsOfUser,
    indexRows: shards.flatMap(({ indexRows }) => indexRows),
    mails: outcomeMails(await sources.mails()),
    jobs: await readJobs(sources.queueRedis, sources.queuePrefix),
  };
}

async function readShard([shard, pool]: [string, Pool]) {
  const indexRows = await rows<{ userId: string; orderId: string }>(pool, INDEX_ROWS);
  const users = await rows<{ id: string }>(pool, USERS);
  return {
    shard,
    indexRows: indexRows.map((row) => ({ shard, ...row })),
    userIds: users.map(({ id }) => id),
  };
}

/** A schema that has no such table has no dead letter. */
async function readDeadLetters(primary: Pool): Promise<Evidence['openDeadLetters']> {
  const tables = await rows(primary, "SHOW TABLES LIKE 'dead_letters'");
  return tables.length === 0 ? [] : rows(primary, OPEN_DEAD_LETTERS);
}

function outcomeMails(mails: readonly CaughtMail[]): Evidence['mails'] {
  return mails.flatMap(({ subject }) => {
    const orderId = /^Order (\d+) /.exec(subject)?.[1];
    return orderId === undefined ? [] : [{ orderId, subject }];
  });
}

/** Every queue under the prefix, whatever its name. */
export async function readJobs(redis: Redis, prefix: string): Promise<Evidence['jobs']> {
  const jobs: Evidence['jobs'] = [];
  for (const state of [...listStates, ...sortedSetStates]) {
    for (const key of await keysLike(redis, `${prefix}:*:${state}`)) {
      const isList = listStates.includes(state);
      const ids = isList ? await redis.lrange(key, 0, -1) : await redis.zrange(key, 0, -1);
      const queue = key.slice(prefix.length + 1, -state.length - 1);
      // The next tick of a schedule is always there, and no work that was left.
      const left = ids.filter((jobId) => state !== 'delayed' || !jobId.startsWith('repeat:'));
      jobs.push(...left.map((jobId) => ({ queue, state, jobId })));
    }
  }
  return jobs;
}

/** A scan may give a key twice. */
async function keysLike(redis: Redis, match: string): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const keys of redis.scanStream({ match, count: 1_000 }))
    for (const key of keys as string[]) found.add(key);
  return found;
}

async function rows<T>(pool: Pool, statement: string): Promise<T[]> {
  const [found] = await pool.query<RowDataPacket[]>(statement);
  return found as T[];
}

function unitsById(found: readonly { id: string; units: string }[]): Map<string, number> {
  return new Map(found.map(({ id, units }) => [id, Number(units)]));
}
