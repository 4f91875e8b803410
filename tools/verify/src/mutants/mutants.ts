import { type Mutant, of } from './mutant.js';
import { warehouse } from './warehouse.mutants.js';

const API = 'apps/order-api/src';
const ORDERS = 'libs/shop/orders/src';

/** Who may call what, and on whose behalf. */
const guards = [
  ...of(
    `${API}/auth/authentication.hook.ts`,
    `${API}/auth/authentication.hook.spec.ts`,
    ["access === 'public'", "access !== 'operators'"],
    ['arrivedOnManagementPort(request.raw) || ', ''],
    [
      'if (token === undefined) return done(new TokenMissingError());',
      'if (token === undefined) return done();',
    ],
    ["access === 'customers' || ", ''],
    ["caller.role === 'operator'", "caller.role !== 'operator'"],
    ['if (!isFor(access, caller)) return done(new ForbiddenError());', ''],
    ['if (request.is404) return done(new RouteNotFoundError());', ''],
    ['requireAccess(fastify);', ''],
    ['rememberCaller(request, caller);', ''],
  ),
  ...of(`${API}/http/caller.limit.ts`, `${API}/auth/authentication.hook.spec.ts`, [
    '!caller || limit.tryEnter(caller, reply.raw)',
    'true',
  ]),
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
    ["reply.header('Idempotency-Replayed', 'true');", ''],
  ),
  ...of(
    `${API}/http/idempotency-key.ts`,
    `${API}/orders/orders.controller.spec.ts`,
    ["if (header === undefined || header === '') throw new IdempotencyKeyMissingError();", ''],
    ['if (key.success) return key.data;', 'if (header) return header;'],
  ),
  ...of(
    'libs/platform/object-storage/src/local/local.links.ts',
    'libs/platform/object-storage/src/local/local.links.spec.ts',
    ["bytes.toString('base64url') === signature &&", ''],
    ['isSignedBy(this.secrets, contentOf(key, name, expires), bytes)', 'true'],
    ['Number(expires) * 1_000 > this.clock.now()', 'true'],
    ["['link', key, name, expires]", "['link', key, expires]"],
    ["['link', key, name, expires]", "['link', name, expires]"],
    ["['link', key, name, expires]", "['link', key, name]"],
  ),
  ...of(
    'libs/shop/reports/src/making/sales.totals.ts',
    'libs/shop/reports/src/making/sales.totals.spec.ts',
    ['day <= dayNumber(to)', 'day < dayNumber(to)'],
    ['const amount = BigInt(quantity) * unitPriceMinor;', 'const amount = unitPriceMinor;'],
    ['compare(b.revenueMinor, a.revenueMinor) ||', ''],
    ['b.units - a.units ||', ''],
  ),
  ...of(
    `${API}/users/users.controller.ts`,
    `${API}/users/users.controller.spec.ts`,
    ['if (!mayActFor(caller, userId)) throw new UserNotFoundError(userId);', ''],
    [
      'assertOwn(caller, id);\n    const user = await this.users.get(id);',
      'const user = await this.users.get(id);',
    ],
    ['assertOwn(caller, id);\n    return show(await this.changeUser', 'return show(await this.changeUser'],
    ['assertOwn(caller, id);\n    await this.users.get(id);', 'await this.users.get(id);'],
    ['versionFrom(ifMatch)', 'undefined'],
  ),
  ...of(
    `${API}/http/caller.limit.ts`,
    `${API}/http/caller.limit.spec.ts`,
    ['own.count >= this.inHand[caller.role]', 'own.count > this.inHand[caller.role]'],
    ['own.waiting.size >= this.waiting', 'own.waiting.size > this.waiting'],
    ["response.off('close', gone).once('close', leave);", "response.off('close', gone);"],
    ['own.count -= 1', 'own.count -= 0'],
  ),
  ...of(
    `${API}/http/unclear-request.hook.ts`,
    `${API}/http/unclear-request.hook.spec.ts`,
    ['if (seen.has(name)) repeated.add(name);', ''],
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
    'libs/platform/observability/src/service/management-port.ts',
    'libs/platform/observability/src/service/management-port.spec.ts',
    ['isManagementRoute(routeFound(request).config) === arrivedOnManagementPort(raw)', 'true'],
    ['=== arrivedOnManagementPort(raw)) done();', '=== false) done();'],
    ['is404 || ', ''],
    ["this.server.on('clientError', (error, socket) => refuseUnreadable(error, socket as Socket));", ''],
  ),
  ...of(
    'libs/platform/observability/src/http/management-routes.ts',
    'libs/platform/observability/src/service/management-port.spec.ts',
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
  ),
  ...of('libs/shop/contracts/src/idempotency.ts', `${ORDERS}/placing/place-order.schema.spec.ts`, [
    '{0,253}',
    '{0,254}',
  ]),
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
    'libs/shop/notifications/src/templates/outcome-email.template.ts',
    'libs/shop/notifications/src/templates/outcome-email.template.spec.ts',
    ['`${amount}E-${format.resolvedOptions().maximumFractionDigits ?? 0}` as `${number}`', 'amount / 100'],
  ),
  ...of(
    'libs/shop/notifications/src/templates/html.ts',
    'libs/shop/notifications/src/templates/mail.document.spec.ts',
    [`/[&<>"']/g`, '/[&<>]/g'],
    ["typeof value === 'string'", 'false'],
  ),
  ...of(
    'libs/shop/notifications/src/templates/printable.ts',
    'libs/shop/notifications/src/templates/mail.document.spec.ts',
    [String.raw`\p{Cc}`, ''],
    [String.raw`\p{Bidi_Control}`, ''],
  ),
  ...of(
    'libs/shop/notifications/src/sending/mail.faults.ts',
    'libs/shop/notifications/src/sending/mail.faults.spec.ts',
    ['responseCode >= 500', 'responseCode >= 400'],
    ['!ABOUT_THE_MAIL.has(code)', 'false'],
    ["command === 'MAIL FROM'", 'false'],
    ["'…@…'", "'$&'"],
  ),
  ...of(
    `${ORDERS}/order.view.ts`,
    `${ORDERS}/placing/place-order.int-spec.ts`,
    ['a.line - b.line', 'b.line - a.line'],
    ['unitPrice: gbp(unitPriceMinor)', 'unitPrice: gbp(unitPriceMinor / 100)'],
    ['total: gbp(order.totalMinor)', 'total: gbp(0)'],
    ['JSON.stringify(body)', 'JSON.stringify({ ...body, version })'],
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
    ['WHERE caller = ? AND route = ?', 'WHERE caller = ? AND (route = ? OR TRUE)'],
  ),
  ...of(
    `${ORDERS}/placing/place-order.command.ts`,
    `${ORDERS}/placing/place-order.int-spec.ts`,
    ['if (!earlier) throw error;', 'throw error;'],
    ['if (earlier && earlier.orderId !== orderId) return this.replay(earlier);', ''],
    ['if (earlier && earlier.orderId !== orderId)', 'if (earlier)'],
    ['if (!user) throw new UserNotFoundError(body.userId);', ''],
    ['if (!sameRequest) throw new IdempotencyKeyReusedError();', ''],
    ['if (isLockTimeout(error)) throw new IdempotencyInProgressError(error);', ''],
    ['if (!isDuplicateKey(error)) throw error;', 'throw error;'],
    [
      'return { orderId, responseBody, replayed: true };',
      'return { orderId, responseBody, replayed: false };',
    ],
  ),
  ...of(
    `${ORDERS}/placing/order.placements.ts`,
    `${ORDERS}/placing/place-order.int-spec.ts`,
    ["await this.outbox.add(manager, ...placed.flatMap(messagesOf), ...orderEvents('placed', events));", ''],
    [", ...orderEvents('placed', events)", ''],
    ['await manager.query(INSERT_ITEMS, [placed.flatMap(({ items }) => items.map(itemRowOf))]);', ''],
    ['placements.filter(({ order }) => own.has(order.id))', 'placements'],
    ['keyOf: ({ request }) => keyTextOf(request),', ''],
  ),
  ...of(`${ORDERS}/placing/idempotency.store.ts`, `${ORDERS}/placing/idempotency.store.int-spec.ts`, [
    'if (Number(affectedRows) === answered.length) return own;',
    'return own;',
  ]),
  ...of(
    `${ORDERS}/settling/settle-orders.command.ts`,
    `${ORDERS}/settling/settle-order.int-spec.ts`,
    [".filter(({ status }) => status === 'pending')", ''],
    ["taken[at] ? 'confirmed' : 'rejected'", "'confirmed'"],
    ["setStatus(manager, rejected!, 'rejected', OUT_OF_STOCK)", "setStatus(manager, rejected!, 'rejected')"],
    ['taken[at] === had', 'had'],
    ['outcome ? [{ ...outcomeEmail(order, outcome), trace }] : []', '[]'],
    ['if (!isDuplicateKey(error)) throw error;', 'throw error;'],
  ),
  ...of(
    `${ORDERS}/settling/settle-orders.command.ts`,
    `${ORDERS}/settling/settle-together.int-spec.ts`,
    ['if (missing)', 'if (missing && placed.length === 0)'],
    ['if (changed.length > 1) for (const each of changed) await this.owe([each]);', ''],
    ['settlement ? [] : [orderId]', '[]'],
    ['outcome ? [eventOf(order, outcome, now)] : []', '[]'],
  ),
  ...of(
    `${ORDERS}/settling/locked-orders.ts`,
    `${ORDERS}/settling/settle-order.int-spec.ts`,
    [' ORDER BY id FOR UPDATE', ' ORDER BY id'],
    ['version = version + 1', 'version = version'],
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
    ["[eventOf(order, 'cancelled', new Date())]", '[]'],
  ),
  ...of('libs/shop/analytics/src/order-event.log.ts', 'libs/shop/analytics/src/order-events.int-spec.ts', [
    'ON DUPLICATE KEY UPDATE order_id = order_events.order_id',
    '',
  ]),
  ...of(
    'libs/platform/queue/src/bull/schedule-scripts.ts',
    'libs/platform/queue/src/schedules/scheduled-runs.int-spec.ts',
    ["if tick and tick <= tonumber(known[2] or 0) then return 'repeated' end", ''],
    ["if tick and startedAt <= tick and tick < endedAt then return 'overlapping' end", ''],
    ["if not known[1] then return tick and 'removed' or 'begun' end", ''],
  ),
  ...of(
    'libs/shop/catalog/src/stock.keeper.ts',
    'libs/shop/catalog/src/stock.keeper.int-spec.ts',
    ['?? 0) < wanted', '?? 0) <= wanted'],
    [' FOR UPDATE', ''],
    ['units: sign * units', 'units: sign'],
    ['(units.get(productId) ?? 0) + quantity', 'quantity'],
    ['available.set(productId, available.get(productId)! - wanted)', 'available.get(productId)'],
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
export const mutants: readonly Mutant[] = [
  ...guards,
  ...money,
  ...once,
  ...plans,
  ...warehouse,
  ...equivalent,
];
