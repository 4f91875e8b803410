import { ShardRouter } from '@fourfold/sharding';
import { testEngine } from '@fourfold-tools/testing';
import { ProductReader } from '@shop/catalog';
import { OrderIndex, OrderReader, ordersShardEntities } from '@shop/orders';
import { ChangeUser, EmailTakenError, UserReader } from '@shop/users';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlannedDatabase } from './testing/planned.database.js';
import { openShop, type PlannedShop } from './testing/planned.shop.js';
import { sentBy, type SentStatement } from './testing/sent.statements.js';
import { orderedOrLocking } from './testing/statements.js';

interface Plan {
  readonly on: 'main' | 'shard';
  /** What the function puts into its text. */
  readonly texts?: Readonly<Record<string, string>>;
  readonly parameters?: readonly unknown[];
  /** Of a statement that TypeORM writes: what sends it. Each one that it sends and that is `like` this has the plan. */
  readonly call?: (shop: PlannedShop) => Promise<unknown>;
  readonly like?: RegExp;
  /** Table, or its alias, and the index that finds its rows. */
  readonly by: Readonly<Record<string, string>>;
  /** Why every row of the index is read until the limit: there is nothing to find them by. */
  readonly walks?: string;
}

const letters = (index: string, sql: string, ...parameters: unknown[]): Plan => ({
  on: 'main',
  texts: { index, sql },
  parameters: [...parameters, 200],
  by: { dead_letters: index },
});

const actions = (index: string, sql: string, ...parameters: unknown[]): Plan => ({
  on: 'main',
  texts: { index: `operator_actions_${index}`, sql },
  parameters: [...parameters, 21],
  by: { a: `operator_actions_${index}`, o: 'PRIMARY' },
  ...(sql === 'TRUE' && { walks: 'the newest of all' }),
});

/** As `conditionOf` makes them. */
const lettersBefore = [
  letters('dead_letters_newest', 'status = ?', 'open'),
  letters('dead_letters_newest', 'status = ? AND reason = ? AND id < ?', 'open', 'timeout', '9000'),
  letters('dead_letters_queue', 'status = ? AND queue = ?', 'open', 'queue-1'),
  letters('dead_letters_queue', 'status = ? AND queue = ? AND id < ?', 'redriven', 'queue-1', '9000'),
  letters('dead_letters_kind', 'status = ? AND queue = ? AND reason = ?', 'open', 'queue-1', 'timeout'),
];
const lettersAfter = [
  letters('dead_letters_newest', 'status = ? AND id > ?', 'open', '0'),
  letters('dead_letters_queue', 'status = ? AND queue = ? AND id > ?', 'open', 'queue-1', '0'),
  letters(
    'dead_letters_kind',
    'status = ? AND queue = ? AND reason = ? AND id > ?',
    'open',
    'queue-1',
    'timeout',
    '0',
  ),
];

const [UserOrderEntity] = ordersShardEntities;
const ordersOf = (shop: PlannedShop, userId: string) =>
  shop.get(ShardRouter).repository(UserOrderEntity!, 'userId').forKey(userId);
const userRow = (like: RegExp, call: (shop: PlannedShop) => Promise<unknown>): Plan => ({
  on: 'shard',
  call,
  like,
  by: { UserEntity: 'PRIMARY' },
});
/** The first page, and one behind a cursor. */
const twoPages = async (
  page: (cursor: string | undefined) => Promise<{ nextCursor: string | null }>,
): Promise<void> => {
  const { nextCursor } = await page(undefined);
  if (nextCursor === null) throw new Error('There is one page alone');
  await page(nextCursor);
};
const ordersOfUser = (call: Plan['call']): Plan => ({
  on: 'shard',
  call: call!,
  like: /ORDER BY .* LIMIT 21$/,
  by: { UserOrderEntity: 'PRIMARY' },
});
const indexPages = ordersOfUser((shop) => twoPages((cursor) => shop.get(OrderIndex).page('7', 20, cursor)));

/** Each statement of the project with ORDER BY, LIMIT or a lock. One that calls another's is checked there. */
const plans: Readonly<Record<string, readonly Plan[]>> = {
  'outbox.sql.ts#LOCK_STATE': [{ on: 'main', parameters: ['7'], by: { outbox: 'outbox_message' } }],
  'outbox.sql.ts#LOCK_STATES': [
    { on: 'main', parameters: [['7', '8', '9']], by: { outbox: 'outbox_message' } },
  ],
  'relaying.sql.ts#SELECT_DUE': [{ on: 'main', parameters: ['queue-1', 200], by: { outbox: 'outbox_lane' } }],
  'relaying.sql.ts#REPUBLISH_LATE': [
    { on: 'main', parameters: ['queue-1', 100], by: { outbox: 'outbox_lane' } },
  ],
  'relaying.sql.ts#REPUBLISH_ALL': [
    { on: 'main', parameters: ['queue-1', new Date(), 500], by: { outbox: 'outbox_lane' } },
  ],
  'relaying.sql.ts#SELECT_OLD_DONE': [
    { on: 'main', parameters: ['queue-1', 259_200, 259_200, 1_000], by: { outbox: 'outbox_lane' } },
  ],
  'relaying.sql.ts#SELECT_OLD_PROCESSED': [
    { on: 'main', parameters: [259_200, 1_000], by: { p: 'processed_at', o: 'outbox_message' } },
  ],
  'email-changes.retention.ts#SELECT_OLD_CHANGES': [
    { on: 'main', parameters: [86_400, 500], by: { email_changes: 'email_changes_age' } },
  ],
  'operator-actions.sql.ts#SELECT_ACTIONS': [
    actions('newest', 'TRUE'),
    actions('newest', 'a.at >= ? AND a.at < ?', '2026-01-01', '2999-01-01'),
    actions(
      'actor',
      'a.actor = ? AND a.at <= ? AND (a.at < ? OR a.id < ?)',
      '7',
      '2999-01-01',
      '2999-01-01',
      '9',
    ),
    actions('action', 'a.action = ? AND a.at < ?', '7', '2999-01-01'),
  ],
  'dead-letter.sql.ts#SELECT_OLD_RESOLVED': [
    { on: 'main', parameters: [7_776_000, 500], by: { dead_letters: 'dead_letters_resolved' } },
  ],
  'dead-letter.sql.ts#selectSummaries': lettersBefore,
  'dead-letter.sql.ts#lockLetters': lettersAfter,
  'dead-letter.sql.ts#SELECT_HISTORY': [
    { on: 'main', parameters: ['7', 100], by: { dead_letters: 'dead_letters_message' } },
  ],
  'dead-letter.sql.ts#LOCK_LETTER': [{ on: 'main', parameters: ['7'], by: { dead_letters: 'PRIMARY' } }],
  'dead-letter.sql.ts#LOCK_DUE': [
    {
      on: 'main',
      parameters: [['queue-1', 'queue-2', 'queue-3'], 100],
      by: { dead_letters: 'dead_letters_due' },
    },
  ],
  'sql-worker-id.lease.ts#CLAIM': [
    {
      on: 'main',
      parameters: ['holder', 30_000_000, 1],
      by: { snowflake_workers: 'PRIMARY' },
      walks: 'It stops at the first that is free, of 1,024.',
    },
  ],
  'pass-fences.ts#LOCK_FENCES': [
    { on: 'shard', parameters: [[7]], by: { ring_fence: 'PRIMARY' } },
    { on: 'shard', parameters: [[7, 70, 700]], by: { ring_fence: 'PRIMARY' } },
  ],
  'added-shards.ts#TOPOLOGY': [{ on: 'main', by: { shard_topology: 'PRIMARY' }, walks: 'The newest.' }],
  'shard.fences.ts#READ': [{ on: 'shard', parameters: [70, 170], by: { ring_fence: 'PRIMARY' } }],
  'shard.fences.ts#LOCK': [{ on: 'shard', parameters: [70, 170], by: { ring_fence: 'PRIMARY' } }],
  'row.mover.ts#HOLD': [{ on: 'shard', parameters: [[70, 71], 1], by: { ring_fence: 'PRIMARY' } }],
  'row-sql.ts#pageOf': [
    {
      on: 'shard',
      texts: {
        ...{ name: '`users`', literals: 'QUOTE(`email`) AS literals', key: '`id` AS k0', limit: '1000' },
        ...{ where: 'slot BETWEEN ? AND ?', order: '`slot`, `id`' },
      },
      parameters: [70, 71],
      by: { users: 'users_slot' },
    },
  ],
  'row-sql.ts#deleteSome': [
    {
      on: 'shard',
      texts: { name: '`users`', limit: '1000' },
      parameters: [70, 71],
      by: { users: 'users_slot' },
    },
  ],
  'task.store.ts#NEWEST': [
    {
      on: 'main',
      texts: { COLUMNS: 'id, state' },
      parameters: [20],
      by: { ring_task: 'PRIMARY' },
      walks: 'The newest.',
    },
  ],
  'capture.log.ts#PENDING': [{ on: 'shard', parameters: [70, 170, 50], by: { ring_log: 'ring_log_slot' } }],
  'topology.store.ts#SELECT_CURRENT': [
    { on: 'main', by: { shard_topology: 'PRIMARY' }, walks: 'The newest.' },
  ],
  'topology.store.ts#SELECT_HEAD': [{ on: 'main', by: { shard_topology: 'PRIMARY' }, walks: 'The newest.' }],
  'product.reader.ts#findIds': [
    {
      on: 'main',
      call: (shop) => twoPages((after) => shop.get(ProductReader).list({ limit: 50 }, after)),
      like: /ORDER BY .* LIMIT 51$/,
      by: { ProductEntity: 'PRIMARY' },
      walks: 'The first page is where the table begins.',
    },
    {
      on: 'main',
      call: (shop) => shop.get(ProductReader).list({ limit: 50, sku: '8' }, '7'),
      like: /ORDER BY .* LIMIT 51$/,
      by: { ProductEntity: 'products_sku' },
    },
  ],
  'stock.keeper.ts#LOCK_STOCK': [{ on: 'main', parameters: [['9', '7', '8']], by: { stock: 'PRIMARY' } }],
  'send-outcome-email.command.ts#LOCK_EMAILS': [
    { on: 'main', parameters: [['9', '7', '8']], by: { emails: 'PRIMARY' } },
  ],
  'emails.retention.ts#SELECT_OLD_EMAILS': [
    { on: 'main', parameters: [5_184_000, 500], by: { e: 'emails_age', o: 'outbox_message' } },
  ],
  'order-events.retention.ts#SELECT_OLD_EVENTS': [
    { on: 'main', parameters: [7_776_000, 500], by: { order_events: 'order_events_time' } },
  ],
  'idempotency.retention.ts#SELECT_OLD_KEYS': [
    { on: 'main', parameters: [86_400, 500], by: { idempotency_keys: 'idempotency_keys_age' } },
  ],
  'recent.best-sellers.ts#MOST_OFTEN_ORDERED': [
    {
      on: 'main',
      parameters: [10],
      by: { order_items: 'PRIMARY' },
      walks: 'The newest lines; what is sorted is their count, in memory.',
    },
  ],
  'sales.reader.ts#ORDERS_PAGE': [{ on: 'main', parameters: ['1', '9'], by: { orders: 'PRIMARY' } }],
  'orders.source.ts#CHANGED_ORDERS': [
    {
      on: 'main',
      parameters: ['2026-01-01 00:00:00', '7', '2026-01-01 00:00:00', '2027-01-01 00:00:00'],
      texts: { BATCH: '1000' },
      by: { orders: 'orders_changed' },
    },
  ],
  'users.sweep.ts#CHANGED_USERS': [
    {
      on: 'shard',
      parameters: ['2026-01-01 00:00:00', '7', '2026-01-01 00:00:00', '2027-01-01 00:00:00'],
      texts: { BATCH: '1000' },
      by: { users: 'users_changed' },
    },
  ],
  'expired.reports.ts#FIND_EXPIRED': [{ on: 'main', parameters: ['9'], by: { reports: 'PRIMARY' } }],
  'locked-orders.ts#LOCK_ORDERS': [{ on: 'main', parameters: [['9', '7', '8']], by: { orders: 'PRIMARY' } }],
  'order.index.ts#page': [indexPages],
  'order.reader.ts#pageOf': [
    ordersOfUser((shop) => twoPages((cursor) => shop.get(OrderReader).listOf('7', { limit: 20, cursor }))),
  ],
  'keyset-query.ts#of': [indexPages],
  'keyed-rows.ts#findOne': [userRow(/LIMIT 1$/, (shop) => shop.get(UserReader).load('7'))],
  'keyed-rows.ts#lockOne': [
    {
      on: 'shard',
      call: (shop) => ordersOf(shop, '7').write((rows) => rows.lockOne({ where: { orderId: '360' } })),
      like: /FOR UPDATE$/,
      by: { UserOrderEntity: 'PRIMARY' },
    },
  ],
  'change-user.command.ts#writeRow': [
    userRow(/FOR UPDATE$/, (shop) => shop.get(ChangeUser).execute('7', { name: '7' }, undefined)),
  ],
  // What was under way about the address has run out: whether it may still write its user is decided first.
  'email-saga.fence.ts#lockUser': [
    userRow(/FROM `users` .* FOR UPDATE$/, (shop) =>
      expect(shop.get(ChangeUser).execute('8', { email: '9' }, undefined)).rejects.toThrow(EmailTakenError),
    ),
  ],
  'email-saga.fence.ts#FIND_END': [
    { on: 'shard', parameters: ['7', '7', 1], by: { ended_email_sagas: 'PRIMARY' } },
  ],
  'email.sweep.ts#OVERDUE': [
    { on: 'shard', parameters: ['1000-01-01', '1000-01-01', ''], by: { user_emails: 'user_emails_due' } },
  ],
  'email.sweep.ts#OLD_ENDS': [
    {
      on: 'shard',
      parameters: ['1000-01-01', '1000-01-01', '0', '0', '0'],
      by: { ended_email_sagas: 'ended_email_sagas_age' },
    },
  ],
  'email.sweep.ts#OWED': [{ on: 'shard', parameters: ['0'], by: { owed_user_invalidations: 'PRIMARY' } }],
  'recent-users.warmup.ts#entries': [
    {
      on: 'shard',
      call: (shop) => shop.warmup('recent-users'),
      like: /ORDER BY .* LIMIT 125$/,
      by: { UserEntity: 'PRIMARY' },
      walks: 'The newest.',
    },
  ],
  'user.reader.ts#byNamePrefix': [
    {
      on: 'shard',
      call: (shop) =>
        twoPages((cursor) => shop.get(UserReader).search({ namePrefix: '99', limit: 20, cursor })),
      like: /LOCATE\(.* ORDER BY .* LIMIT 21$/,
      by: { UserEntity: 'users_name' },
    },
  ],
};

const statements = orderedOrLocking();
let databases: Record<'main' | 'shard', PlannedDatabase>;
let shop: PlannedShop;

beforeAll(async () => {
  databases = { main: await PlannedDatabase.main(), shard: await PlannedDatabase.shard() };
  shop = await openShop(databases.main, databases.shard);
});
afterAll(async () => {
  await shop?.close();
  await Promise.all(Object.values(databases).map((database) => database.close()));
});

async function sentFor(sql: string | undefined, plan: Plan): Promise<SentStatement[]> {
  const { texts = {}, parameters = [], call, like } = plan;
  if (sql === undefined) {
    const sent = await sentBy(() => call!(shop));
    return sent.filter((statement) => like!.test(statement.sql));
  }
  return [{ sql: sql.replace(/\{\{(\w+)\}\}/g, (_part, name: string) => texts[name]!), parameters }];
}

/** MySQL collects what an UPDATE finds by the index that it changes, as many rows as its limit says. */
const collects = (sql: string) => testEngine === 'mysql' && /^\s*UPDATE\b/.test(sql) && /\bLIMIT\b/.test(sql);

it('every statement with ORDER BY, LIMIT or a lock has a plan here', () => {
  expect(Object.keys(plans).sort()).toEqual(statements.map(({ name }) => name).sort());
});

describe('finds its rows by its index, unsorted', () => {
  const cases = statements.flatMap(({ name, sql }) =>
    (plans[name] ?? []).map((plan, index) => [`${name} ${index + 1}`, sql, plan] as const),
  );
  it.each(cases)('%s', async (_title, sql, plan) => {
    const sent = await sentFor(sql, plan);
    expect(sent).not.toEqual([]);
    for (const { sql: whole, parameters } of sent) {
      const steps = await databases[plan.on].explain(whole, parameters);
      // What is derived is counted or sorted in memory, and is no longer than its own limit.
      const tables = steps.filter(({ table }) => table !== null && !table.startsWith('<'));
      expect(Object.fromEntries(tables.map(({ table, key }) => [table, key]))).toEqual(plan.by);
      for (const { type, Extra } of tables) {
        expect(['ALL', ...(plan.walks ? [] : ['index'])]).not.toContain(type);
        if (!collects(whole)) expect(Extra).not.toContain('Using temporary');
        expect(Extra).not.toContain('Using filesort');
      }
    }
  });
});
