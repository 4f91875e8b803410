import { LessThan, MoreThan } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlannedDatabase, type Step } from './testing/planned.database.js';
import { orderedOrLocking } from './testing/statements.js';

interface Plan {
  readonly on: 'main' | 'shard';
  /** What the function puts into its text. */
  readonly texts?: Readonly<Record<string, string>>;
  readonly parameters?: readonly unknown[];
  /** What TypeORM makes the statement of: an entity, and the options of `find` (`lock: true` is FOR UPDATE). */
  readonly find?: readonly [entity: string, options: Record<string, unknown>];
  /** Table, or its alias, and the index that finds its rows. */
  readonly by: Readonly<Record<string, string>>;
  /** Why every row of the index is read until the limit: there is nothing to find them by. */
  readonly walks?: string;
  /** Why its rows are sorted. */
  readonly sorts?: string;
}

const letters = (index: string, sql: string, ...parameters: unknown[]): Plan => ({
  on: 'main',
  texts: { index, sql },
  parameters: [...parameters, 200],
  by: { dead_letters: index },
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

const user = (options: Record<string, unknown>): Plan => ({
  on: 'shard',
  find: ['UserEntity', { where: { id: '7' }, ...options }],
  by: { row: 'PRIMARY' },
});
const ordersOfUser: Plan = {
  on: 'shard',
  find: [
    'UserOrderEntity',
    { where: { userId: '7', orderId: LessThan('370') }, order: { orderId: 'DESC' }, take: 21 },
  ],
  by: { row: 'PRIMARY' },
};

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
  'topology.store.ts#SELECT_CURRENT': [
    { on: 'main', by: { shard_topology: 'PRIMARY' }, walks: 'The newest.' },
  ],
  'topology.store.ts#SELECT_HEAD': [{ on: 'main', by: { shard_topology: 'PRIMARY' }, walks: 'The newest.' }],
  'product.reader.ts#list': [
    {
      on: 'main',
      find: ['ProductEntity', { where: { id: MoreThan('7') }, order: { id: 'ASC' }, take: 51 }],
      by: { row: 'PRIMARY' },
    },
    {
      on: 'main',
      find: ['ProductEntity', { where: { id: MoreThan('7'), sku: '8' }, order: { id: 'ASC' }, take: 51 }],
      by: { row: 'products_sku' },
    },
  ],
  'stock.keeper.ts#LOCK_STOCK': [{ on: 'main', parameters: [['9', '7', '8']], by: { stock: 'PRIMARY' } }],
  'send-outcome-email.command.ts#LOCK_EMAIL': [{ on: 'main', parameters: ['7'], by: { emails: 'PRIMARY' } }],
  'recent.best-sellers.ts#MOST_OFTEN_ORDERED': [
    {
      on: 'main',
      parameters: [10],
      by: { order_items: 'PRIMARY' },
      walks: 'The newest lines; what is sorted is their count, in memory.',
    },
  ],
  'locked-order.ts#lockOrder': [
    { on: 'main', find: ['OrderEntity', { where: { id: '7' }, lock: true }], by: { row: 'PRIMARY' } },
  ],
  'order.index.ts#page': [ordersOfUser],
  'order.reader.ts#listOf': [ordersOfUser],
  'keyset.query.ts#of': [ordersOfUser],
  'keyed.rows.ts#findOne': [user({ take: 1 })],
  'keyed.rows.ts#lockOne': [user({ lock: true })],
  'change-user.command.ts#writeRow': [user({ lock: true })],
  'email-saga.fence.ts#lockUser': [user({ lock: true })],
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
      find: ['UserEntity', { select: { id: true }, order: { id: 'DESC' }, take: 125 }],
      by: { row: 'PRIMARY' },
      walks: 'The newest.',
    },
  ],
  'user.reader.ts#byNamePrefix': [
    {
      on: 'shard',
      find: ['UserEntity', { where: { name: MoreThan('9998') }, order: { id: 'ASC' }, take: 21 }],
      by: { row: 'users_name' },
      sorts: 'Many names begin alike, and come in the order of ids.',
    },
  ],
};

const statements = orderedOrLocking();
let databases: Record<'main' | 'shard', PlannedDatabase>;

beforeAll(async () => {
  databases = { main: await PlannedDatabase.main(), shard: await PlannedDatabase.shard() };
});
afterAll(() => Promise.all(Object.values(databases).map((database) => database.close())));

function explain(sql: string | undefined, { on, texts = {}, parameters = [], find }: Plan): Promise<Step[]> {
  if (find) return databases[on].explainFind(...find);
  const whole = sql!.replace(/\{\{(\w+)\}\}/g, (_part, name: string) => texts[name]!);
  return databases[on].explain(whole, parameters);
}

it('every statement with ORDER BY, LIMIT or a lock has a plan here', () => {
  expect(Object.keys(plans).sort()).toEqual(statements.map(({ name }) => name).sort());
});

describe('finds its rows by its index, unsorted', () => {
  const cases = statements.flatMap(({ name, sql }) =>
    (plans[name] ?? []).map((plan, index) => [`${name} ${index + 1}`, sql, plan] as const),
  );
  it.each(cases)('%s', async (_title, sql, plan) => {
    const steps = await explain(sql, plan);
    // What is derived is counted or sorted in memory, and is no longer than its own limit.
    const tables = steps.filter(({ table }) => table !== null && !table.startsWith('<'));
    expect(Object.fromEntries(tables.map(({ table, key }) => [table, key]))).toEqual(plan.by);
    for (const { type, Extra } of tables) {
      expect(['ALL', ...(plan.walks ? [] : ['index'])]).not.toContain(type);
      expect(Extra).not.toContain('Using temporary');
      if (!plan.sorts) expect(Extra).not.toContain('Using filesort');
    }
  });
});
