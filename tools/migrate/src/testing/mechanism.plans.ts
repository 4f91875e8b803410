import type { Plan, Plans } from './plan.js';

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

/** Of the statements of `libs/platform` and `tools` that stand there as text. */
export const mechanismPlans: Plans = {
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
  'grouped.insert.ts#whereOpen': [
    {
      on: 'shard',
      texts: {
        into: 'INSERT INTO user_orders (user_id, order_id, created_at)',
        columns: 'given.user_id, given.order_id, given.created_at',
        given: [70, 700]
          .map((slot) => `SELECT ${slot} AS slot, ? AS user_id, ? AS order_id, ? AS created_at`)
          .join(' UNION ALL '),
        again: 'ON DUPLICATE KEY UPDATE user_id = user_orders.user_id',
      },
      parameters: ['7', '70', '2026-11-30', '8', '80', '2026-11-30'],
      by: { ring_fence: 'PRIMARY' },
    },
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
  'migration.watch.ts#FIGURES': [{ on: 'main', by: { ring_task: 'PRIMARY' }, walks: 'The newest.' }],
  'task.store.ts#BEFORE': [
    {
      on: 'main',
      texts: { COLUMNS: 'id, state' },
      parameters: ['7', 20],
      by: { ring_task: 'PRIMARY' },
    },
  ],
  'capture.log.ts#PENDING': [{ on: 'shard', parameters: [70, 170, 50], by: { ring_log: 'ring_log_slot' } }],
  'topology.store.ts#SELECT_CURRENT': [
    { on: 'main', by: { shard_topology: 'PRIMARY' }, walks: 'The newest.' },
  ],
  'topology.store.ts#SELECT_HEAD': [{ on: 'main', by: { shard_topology: 'PRIMARY' }, walks: 'The newest.' }],
};
