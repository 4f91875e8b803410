import type { Mutant } from './mutant.js';

/** Faults of one file, all for one test file: `[from, to]`. */
function of(file: string, spec: string, ...faults: readonly (readonly [string, string])[]): Mutant[] {
  return faults.map(([from, to]) => ({ file, from, to, spec }));
}

const API = 'apps/order-api/src';
const ORDERS = 'libs/shop/orders/src';

/** Who may call what, and on whose behalf. */
const guards = [
  ...of(
    `${API}/auth/authentication.hook.ts`,
    `${API}/auth/authentication.hook.spec.ts`,
    ["access === 'public'", "access !== 'operators'"],
    ['arrivedOnManagementPort(request.raw) || ', ''],
    ['if (token === undefined) throw new TokenMissingError();', 'if (token === undefined) return;'],
    ["access !== 'customers' && ", ''],
    ["caller.role !== 'operator'", "caller.role === 'operator'"],
    ["if (access !== 'customers' && caller.role !== 'operator') throw new ForbiddenError();", ''],
    ['if (request.is404) throw new RouteNotFoundError();', ''],
    ['requireAccess(fastify);', ''],
    ['rememberCaller(request, caller);', ''],
    ['await limit.enter(caller, reply.raw);', ''],
  ),
  ...of(
    `${API}/http/role.hook.ts`,
    `${API}/http/role.hook.spec.ts`,
    ["if (role === 'all') return true;", ''],
    ["'GET', 'HEAD', 'OPTIONS'", "'GET', 'HEAD', 'OPTIONS', 'PUT'"],
    ['kind === role || ', ''],
    ["method === 'HEAD' ? 'GET' : method", 'method'],
    ["accessOf(config) !== 'public' && ", ''],
    ['isApi && !serves(role, method, url)', 'isApi && serves(role, method, url)'],
  ),
  ...of(
    `${API}/auth/access.ts`,
    `${API}/auth/authentication.hook.spec.ts`,
    ['!isManagementRoute(config) && ', ''],
    ['silent.length > 0', 'silent.length > 2'],
    [
      "OperatorOnly = () => RouteConfig(allow('operators'))",
      "OperatorOnly = () => RouteConfig(allow('customers'))",
    ],
  ),
  ...of(
    `${API}/auth/caller.ts`,
    `${API}/auth/caller.spec.ts`,
    ["caller.role === 'operator' || ", ''],
    ["caller.role === 'operator' || ", "caller.role === 'customer' || "],
    ['caller.id === userId', 'userId.startsWith(caller.id)'],
    ['`${role}:${id}`', '`${id}`'],
  ),
  ...of(
    `${API}/orders/orders.controller.ts`,
    `${API}/orders/orders.controller.spec.ts`,
    ['if (!mayActFor(caller, body.userId)) throw new UserNotFoundError(body.userId);', ''],
    ['if (!mayActFor(caller, order.userId)) throw new OrderNotFoundError(id);', ''],
    ['if (!mayActFor(caller, await this.orders.ownerOf(id))) throw new OrderNotFoundError(id);', ''],
    ['caller: callerKey(caller)', "caller: ''"],
    ["if (header === undefined || header === '') throw new IdempotencyKeyMissingError();", ''],
    ['if (key.success) return key.data;', 'if (header) return header;'],
    ["reply.header('Idempotency-Replayed', 'true');", ''],
  ),
  ...of(
    `${API}/users/users.controller.ts`,
    `${API}/users/users.controller.spec.ts`,
    ['if (!mayActFor(caller, userId)) throw new UserNotFoundError(userId);', ''],
    [
      'assertOwn(caller, id);\n    return show(await this.users.get(id), reply);',
      'return show(await this.users.get(id), reply);',
    ],
    ['assertOwn(caller, id);\n    return show(await this.changeUser', 'return show(await this.changeUser'],
    ['assertOwn(caller, id);\n    await this.users.get(id);', 'await this.users.get(id);'],
    ['versionFrom(ifMatch)', 'undefined'],
  ),
  ...of(
    `${API}/http/caller.limit.ts`,
    `${API}/http/caller.limit.spec.ts`,
    ['own.count < this.inHand[caller.role]', 'own.count <= this.inHand[caller.role]'],
    ['own.waiting.size >= this.waiting', 'own.waiting.size > this.waiting'],
    ["response.off('close', gone).once('close', leave);", "response.off('close', gone);"],
    ['own.count -= 1', 'own.count -= 0'],
  ),
  ...of(
    `${API}/http/unclear-request.hook.ts`,
    `${API}/http/unclear-request.hook.spec.ts`,
    ['?? 0) > 1', '?? 0) > 2'],
    ["'authorization',", ''],
    ['if (!isDecodable(url))', 'if (false)'],
    ['!rawHeaders.every(isText)', '!rawHeaders.some(isText)'],
    ['isReadable(headers) ?', 'true ?'],
  ),
  ...of(
    `${API}/http/etag.ts`,
    `${API}/http/etag.spec.ts`,
    [
      'if (ifMatch === undefined) throw new IfMatchMissingError();',
      'if (ifMatch === undefined) return undefined;',
    ],
    ["if (ifMatch.trim() === '*') return undefined;", ''],
    ['const NO_VERSION = -1;', 'const NO_VERSION = 1;'],
    ['`"${version}"`', '`${version}`'],
  ),
  ...of(
    'libs/platform/observability/src/management-port.ts',
    'libs/platform/observability/src/management-port.spec.ts',
    ['isManagementRoute(request.routeOptions.config) === arrivedOnManagementPort(request.raw)', 'true'],
    ['=== arrivedOnManagementPort(request.raw)) done();', '=== false) done();'],
    ['route.config = { ...route.config, [MANAGEMENT_ONLY]: true };', ''],
    ['RouteConfig({ [MANAGEMENT_ONLY]: true })(routes, method, route);', 'void route;'],
  ),
];

/** What an order costs, and how that is shown. */
const money = [
  ...of(
    `${ORDERS}/placing/price-order.ts`,
    `${ORDERS}/placing/price-order.spec.ts`,
    ['BigInt(item.quantity) * BigInt(item.unitPriceMinor)', 'BigInt(item.unitPriceMinor)'],
    ['total > BigInt(', 'total >= BigInt('],
    ['if (total > BigInt(Number.MAX_SAFE_INTEGER)) throw new OrderTooLargeError();', ''],
    ['unitPriceMinor: products.get(productId)?.price.amount ?? 0', 'unitPriceMinor: 0'],
    ['currency: CURRENCY', "currency: 'EUR'"],
    ['refuseUnknown(input.items, products);', ''],
    ['refuseShort(input.items, products);', ''],
    [
      'refuseUnknown(input.items, products);\n  refuseShort(input.items, products);',
      'refuseShort(input.items, products);\n  refuseUnknown(input.items, products);',
    ],
    ['?.stock ?? 0) < quantity', '?.stock ?? 0) <= quantity'],
    ["status: 'pending'", "status: 'confirmed'"],
  ),
  ...of(
    `${ORDERS}/placing/place-order.schema.ts`,
    `${ORDERS}/placing/place-order.schema.spec.ts`,
    ['quantity: z.int().min(1)', 'quantity: z.int().min(0)'],
    ['quantity: z.int()', 'quantity: z.number()'],
    ['(quantities.get(productId) ?? 0) + quantity', 'quantity'],
    ['quantity > MAX_INT32', 'quantity >= MAX_INT32'],
    ['const MAX_ITEMS = 1_000;', 'const MAX_ITEMS = 1_001;'],
    ['items: z.array(itemSchema).min(1)', 'items: z.array(itemSchema).min(0)'],
    ['{0,253}', '{0,254}'],
  ),
  ...of(
    'libs/shop/contracts/src/primitives.ts',
    'libs/shop/contracts/src/primitives.spec.ts',
    ['amount: z.int().min(0)', 'amount: z.int().min(-1)'],
    ['amount: z.int()', 'amount: z.number()'],
    ['.max(1_000_000_000)', '.max(1_000_000_001)'],
    ['currency: z.literal(CURRENCY)', 'currency: z.string()'],
    ['BigInt(id) <= MAX_ID', 'BigInt(id) <= MAX_ID + 1n'],
  ),
  ...of(
    'libs/shop/notifications/src/outcome-email.template.ts',
    'libs/shop/notifications/src/outcome-email.template.spec.ts',
    ['`${amount}E-${format.resolvedOptions().maximumFractionDigits ?? 0}` as `${number}`', 'amount / 100'],
  ),
  ...of(
    `${ORDERS}/order.view.ts`,
    `${ORDERS}/placing/place-order.int-spec.ts`,
    ['a.line - b.line', 'b.line - a.line'],
    ['unitPrice: gbp(unitPriceMinor)', 'unitPrice: gbp(unitPriceMinor / 100)'],
    ['total: gbp(order.totalMinor)', 'total: gbp(0)'],
    ['{ version: _version, ...body }', '{ ...body }'],
  ),
];

/** One order for one key, and each unit of stock for one order. */
const once = [
  ...of(
    `${ORDERS}/placing/idempotency.store.ts`,
    `${ORDERS}/placing/idempotency.store.int-spec.ts`,
    ['row.request_hash.equals(hashOf(request.body))', 'true'],
    ['canonicalJson(body)', 'JSON.stringify(body)'],
    ['WHERE caller = ?', 'WHERE (caller = ? OR TRUE)'],
    ['AND route = ?', 'AND (route = ? OR TRUE)'],
  ),
  ...of(
    `${ORDERS}/placing/place-order.command.ts`,
    `${ORDERS}/placing/place-order.int-spec.ts`,
    ['if (earlier) return this.replay(earlier);', ''],
    ['if (!user) throw new UserNotFoundError(userId);', ''],
    ['if (!sameRequest) throw new IdempotencyKeyReusedError();', ''],
    ['if (isLockTimeout(error)) throw new IdempotencyInProgressError(error);', ''],
    ['await this.idempotency.remember(manager, request, { orderId: order.id, responseBody });', ''],
    ['isDuplicateKey(error) ? await this.remembered(request) : null', 'null'],
    [
      'return { orderId, responseBody, replayed: true };',
      'return { orderId, responseBody, replayed: false };',
    ],
    ['await this.outbox.add(manager, ...messagesOf(order));', ''],
    ['await manager.insert(OrderItemEntity, items);', ''],
  ),
  ...of(
    `${ORDERS}/settling/settle-order.command.ts`,
    `${ORDERS}/settling/settle-order.int-spec.ts`,
    ["if (order.status !== 'pending') return { lines: [], acceptedAt }; // cancelled meanwhile", ''],
    ["taken ? 'confirmed' : 'rejected'", "'confirmed'"],
    ['taken ? null : OUT_OF_STOCK', 'null'],
    ['const taken = await this.stock.take(manager, lines);', 'const taken = true;'],
    ['await this.outbox.add(manager, outcomeEmail(order, outcome));', ''],
    ['if (!isDuplicateKey(error)) throw error; // owed since an earlier delivery', 'throw error;'],
  ),
  ...of(
    `${ORDERS}/settling/locked-order.ts`,
    `${ORDERS}/settling/settle-order.int-spec.ts`,
    [", lock: { mode: 'pessimistic_write' }", ''],
    ['version: order.version + 1', 'version: order.version'],
  ),
  ...of(
    `${ORDERS}/settling/outcome-email.ts`,
    `${ORDERS}/settling/settle-order.int-spec.ts`,
    ['`outcome-email:${order.id}`', '`outcome-email:${order.id}:${outcome}`'],
    ['total: gbp(order.totalMinor)', 'total: gbp(0)'],
  ),
  ...of(
    `${ORDERS}/cancelling/cancel-order.command.ts`,
    `${ORDERS}/settling/settle-order.int-spec.ts`,
    ["if (order.status === 'cancelled') return [];", ''],
    ["if (order.status === 'rejected') throw new OrderNotCancellableError(orderId, order.status);", ''],
    ['await this.stock.giveBack(manager, lines);', ''],
    ["if (order.status === 'pending') {", "if (order.status !== 'pending') {"],
    ['if (!order) throw new OrderNotFoundError(orderId);', 'if (!order) return [];'],
  ),
  ...of(
    'libs/shop/catalog/src/stock.keeper.ts',
    'libs/shop/catalog/src/stock.keeper.int-spec.ts',
    ['?? 0) < quantity', '?? 0) <= quantity'],
    [' FOR UPDATE', ''],
    ['units: sign * quantity', 'units: sign'],
    ['BIGINT UNSIGNED PATH', 'DOUBLE PATH'],
    ['await this.add(manager, lines, 1);', ''],
  ),
];

const PLANS = 'tools/migrate/src/query-plans.int-spec.ts';

/** Statements that TypeORM writes read no more rows than they give. */
const plans = [
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
  ...of(`${ORDERS}/settling/locked-order.ts`, PLANS, ['where: { id }, lock', 'where: { userId: id }, lock']),
  ...of('libs/shop/users/src/email-saga.fence.ts', PLANS, [
    'where: { id }, lock',
    'where: { name: id }, lock',
  ]),
  ...of('libs/shop/users/src/change-user.command.ts', PLANS, [
    'where: { id },',
    'where: { name: before.name },',
  ]),
  ...of('libs/platform/sharding/src/access/keyset/keyset.query.ts', PLANS, ['order: whole.order, ', '']),
  ...of('libs/platform/sharding/src/access/keyed.rows.ts', PLANS, ['where: this.scope.where(where) }', '}']),
];

/** Faults that change nothing that a caller could see. */
const equivalent: Mutant[] = [
  {
    file: `${ORDERS}/placing/price-order.ts`,
    from: 'BigInt(item.quantity) * BigInt(item.unitPriceMinor)',
    to: 'BigInt(item.quantity * item.unitPriceMinor)',
    spec: `${ORDERS}/placing/price-order.spec.ts`,
    equivalent:
      'A product that a number does not hold exactly is over the limit when it is rounded as well, and so is every sum with it: the order is too large either way.',
  },
  {
    file: 'libs/shop/catalog/src/stock.keeper.ts',
    from: 'WHERE product_id IN (?) ORDER BY product_id FOR UPDATE',
    to: 'WHERE product_id IN (?) FOR UPDATE',
    spec: 'libs/shop/catalog/src/stock.keeper.int-spec.ts',
    equivalent:
      'MariaDB sorts the ids and reads the primary key in that order by itself, for as long as it chooses this plan. ORDER BY makes sure of it.',
  },
];

/**
 * Not here: which route has which decorator. That is a table already, held against every route and every kind of caller
 * by `apps/order-api/e2e/open-api.e2e-spec.ts`.
 */
export const mutants: readonly Mutant[] = [...guards, ...money, ...once, ...plans, ...equivalent];
