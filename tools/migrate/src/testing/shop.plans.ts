import { ShardRouter } from '@fourfold/sharding';
import { ProductReader } from '@shop/catalog';
import { OrderIndex, OrderReader, ordersShardEntities } from '@shop/orders';
import { ChangeUser, EmailTakenError, UserReader } from '@shop/users';
import { expect } from 'vitest';
import type { Plan, Plans } from './plan.js';
import type { PlannedShop } from './planned.shop.js';

const actions = (index: string, sql: string, ...parameters: unknown[]): Plan => ({
  on: 'main',
  texts: { index: `operator_actions_${index}`, sql },
  parameters: [...parameters, 21],
  by: { a: `operator_actions_${index}`, o: 'PRIMARY' },
  ...(sql === 'TRUE' && { walks: 'the newest of all' }),
});

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

/** Of the statements of `libs/shop`, and of those that TypeORM writes for its calls. */
export const shopPlans: Plans = {
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
