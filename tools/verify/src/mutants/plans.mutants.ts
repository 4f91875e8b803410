import { ORDERS, of } from './mutant.js';

const PLANS = 'tools/migrate/src/query-plans.int-spec.ts';

/** Statements that TypeORM writes read no more rows than they give. */
export const plans = [
  ...of('libs/shop/catalog/src/product.reader.ts', PLANS, ["order: { id: 'ASC' }", "order: { name: 'ASC' }"]),
  ...of('libs/shop/users/src/user.reader.ts', PLANS, ["order: { name: 'ASC' }", "order: { id: 'ASC' }"]),
  ...of('libs/shop/users/src/recent-users.warmup.ts', PLANS, [
    "order: { id: 'DESC' }",
    "order: { createdAt: 'DESC' }",
  ]),
  ...of(`${ORDERS}/index-by-user/order.index.ts`, PLANS, [
    "order: { orderId: 'DESC' }",
    "order: { createdAt: 'DESC' }",
  ]),
  ...of('libs/shop/users/src/email-saga.fence.ts', PLANS, [
    'where: { id }, lock',
    'where: { name: id }, lock',
  ]),
  ...of('libs/shop/users/src/change-user.command.ts', PLANS, [
    'where: { id },',
    'where: { name: before.name },',
  ]),
  ...of('libs/platform/sharding/src/access/keyset/keyset-query.ts', PLANS, ['order: whole.order, ', '']),
  ...of('libs/platform/sharding/src/access/keyed-rows.ts', PLANS, ['where: this.scope.where(where) }', '}']),
];
