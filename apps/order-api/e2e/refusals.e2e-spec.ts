import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CallOptions, type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiDocument } from './fuzz/api.document.js';
import { plantLetters } from './fuzz/known.things.js';

let platform: Platform;
/** What requests are about: filled in before they are made. */
const there = { userId: '', productId: '', orderId: '', email: '', sku: '', letterId: '', openMessage: '' };
let customerToken: string;
let expiredToken: string;

beforeAll(async () => {
  platform = await sharedPlatform();
  const { api, shop } = platform;
  there.email = `${randomUUID()}@example.com`;
  there.sku = randomUUID();
  there.userId = (await api.post('/users', { name: 'Ada', email: there.email })).body.id;
  const product = { sku: there.sku, name: 'Lamp', price: gbp(1), stock: 5 };
  there.productId = (await api.post('/products', product)).body.id;
  there.orderId = (
    await shop.order(there.userId, [{ productId: there.productId, quantity: 1 }], KEY)
  ).body.id;
  const [resolved, underWay] = (await plantLetters(platform)) as [string, string];
  [there.letterId, there.openMessage] = [resolved, underWay];
  await api.post(`/admin/dead-letters/${resolved}/discard`);
  await platform.primary.query(
    "UPDATE outbox SET state = 'pending', run_at = NOW(3) + INTERVAL 1 DAY, available_at = NOW(3) + INTERVAL 1 DAY WHERE msg_id = (SELECT msg_id FROM dead_letters WHERE id = ?)",
    [underWay],
  );
  customerToken = await platform.customerToken(there.userId);
  expiredToken = await platform.customerToken(there.userId, '-1h');
});
afterAll(() => platform?.stop());

const KEY = randomUUID();
const gbp = (amount: number) => ({ amount, currency: 'GBP' });
const order = (items: object[], more: object = {}) => ({
  ...{ userId: there.userId, items, shippingAddress: 'Here' },
  ...more,
});
const ordered = (body: object, key: string = randomUUID()): CallOptions => ({
  body,
  headers: { 'idempotency-key': key },
});

type Made = readonly [method: string, path: string, options?: CallOptions];

/** A request for each code, and the places that its `errors` name; none where it has no `errors`. */
const produced: Record<string, readonly [status: number, make: () => Made, paths?: readonly string[]]> = {
  'bad-request': [400, () => ['GET', '/products/%ff']],
  'body-too-large': [413, () => ['POST', '/products', { rawBody: `"${'x'.repeat(300_000)}"` }]],
  'cache-namespace-not-found': [404, () => ['DELETE', '/admin/cache/nothing']],
  'changed-meanwhile': [
    412,
    () => ['PATCH', `/users/${there.userId}`, { body: { name: 'Eve' }, headers: { 'if-match': '"77"' } }],
  ],
  'dead-letter-not-found': [404, () => ['GET', '/admin/dead-letters/9223372036854775807']],
  'dead-letter-resolved': [409, () => ['POST', `/admin/dead-letters/${there.letterId}/discard`]],
  'dead-letter-under-way': [409, () => ['POST', `/admin/dead-letters/${there.openMessage}/redrive`]],
  'email-taken': [409, () => ['POST', '/users', { body: { name: 'Eve', email: there.email } }]],
  forbidden: [403, () => ['GET', '/admin/queues', { token: customerToken }]],
  'headers-too-large': [431, () => ['GET', '/products', { headers: { 'x-big': 'x'.repeat(20_000) } }]],
  'idempotency-key-missing': [
    400,
    () => ['POST', '/orders', { body: order([{ productId: there.productId, quantity: 1 }]) }],
  ],
  'idempotency-key-reused': [
    422,
    () => ['POST', '/orders', ordered(order([{ productId: there.productId, quantity: 2 }]), KEY)],
  ],
  'if-match-missing': [428, () => ['PATCH', `/users/${there.userId}`, { body: { name: 'Eve' } }]],
  'insufficient-stock': [
    409,
    () => ['POST', '/orders', ordered(order([{ productId: there.productId, quantity: 6 }]))],
    ['items'],
  ],
  'invalid-cursor': [400, () => ['GET', '/products?cursor=forged'], ['cursor']],
  'invalid-ring-change': [
    422,
    () => ['POST', '/admin/shards/plan', { body: { kind: 'add', shard: 'shard-0' } }],
  ],
  'invalid-migration': [
    422,
    () => ['POST', '/admin/migrations', { body: { kind: 'add', shard: 'shard-8' } }],
  ],
  'malformed-json': [400, () => ['POST', '/products', { rawBody: '{' }]],
  'migration-not-found': [404, () => ['GET', '/admin/migrations/9223372036854775807']],
  'order-not-found': [404, () => ['GET', '/orders/1']],
  'product-not-found': [
    404,
    () => ['POST', '/orders', ordered(order([{ productId: '1', quantity: 1 }]))],
    ['items'],
  ],
  'queue-not-found': [404, () => ['POST', '/admin/queues/nothing/pause']],
  'report-not-found': [404, () => ['GET', '/reports/1']],
  'sku-taken': [
    409,
    () => ['POST', '/products', { body: { sku: there.sku, name: 'Lamp', price: gbp(1), stock: 1 } }],
  ],
  'token-expired': [401, () => ['GET', '/products', { token: expiredToken }]],
  'token-invalid': [401, () => ['GET', '/products', { token: 'a.b.c' }]],
  'token-missing': [401, () => ['GET', '/products', { token: null }]],
  'unsupported-media-type': [
    415,
    () => ['POST', '/products', { rawBody: 'x', headers: { 'content-type': 'text/plain' } }],
  ],
  'user-not-found': [404, () => ['GET', '/users/1']],
  'validation-failed': [
    400,
    () => ['POST', '/orders', ordered(order([{ productId: 'x', quantity: 0 }], { shippingAddress: '' }))],
    ['items.0.productId', 'items.0.quantity', 'shippingAddress'],
  ],
};

/** Codes that need servers, roles or a moment of their own, and the test that has them. */
const elsewhere: Record<string, string> = {
  'dead-letter-undeliverable': 'apps/order-api/e2e/admin-dead-letters.e2e-spec.ts',
  'email-link-invalid': 'apps/worker/e2e/email-change.e2e-spec.ts',
  'expectation-failed': 'apps/order-api/e2e/bad-requests.e2e-spec.ts',
  'idempotency-in-progress': 'apps/order-api/e2e/idempotency.e2e-spec.ts',
  'migration-running': 'apps/order-api/e2e/admin-migrations.e2e-spec.ts',
  'migration-state': 'apps/order-api/e2e/admin-migrations.e2e-spec.ts',
  'misdirected-request': 'apps/order-api/e2e/roles.e2e-spec.ts',
  'order-not-cancellable': 'apps/order-api/e2e/place-order.e2e-spec.ts',
  'order-quota-exceeded': 'apps/order-api/src/rates/rate.limits.spec.ts',
  'order-too-large':
    'apps/order-api/e2e/owasp/api6-unrestricted-access-to-sensitive-business-flows.e2e-spec.ts',
  'rate-limited': 'apps/order-api/src/rates/rate.limits.spec.ts',
  'queue-not-scheduled': 'apps/order-api/e2e/admin-queues.e2e-spec.ts',
  'request-timeout': 'libs/platform/observability/src/http/http.server.spec.ts',
  'run-under-way': 'apps/order-api/e2e/admin-queues.e2e-spec.ts',
  'too-many-email-changes': 'apps/worker/e2e/email-change.e2e-spec.ts',
  'too-many-requests': 'apps/order-api/src/http/caller.limit.spec.ts',
};

const root = fileURLToPath(new URL('../../../', import.meta.url));
type Coded = { properties?: { code?: { enum?: string[] } } };

it('each refusal of the contract that is the caller’s has a test that produces it', () => {
  const { responses } = apiDocument.components;
  const statuses = Object.values(apiDocument.paths).flatMap((methods) =>
    Object.values(methods).flatMap((operation) => Object.entries(operation.responses)),
  );
  const codes = statuses
    .filter(([status]) => status.startsWith('4'))
    .flatMap(([, { $ref }]) => {
      const { schema } = responses[$ref!.split('/').at(-1)!]!.content!['application/problem+json']!;
      return (schema as { allOf: Coded[] }).allOf[1]!.properties?.code?.enum ?? [];
    });
  expect([...Object.keys(produced), ...Object.keys(elsewhere)].sort()).toEqual([...new Set(codes)].sort());
  for (const [code, file] of Object.entries(elsewhere))
    expect(readFileSync(root + file, 'utf8'), file).toContain(`'${code}'`);
});

describe('a refusal says what is wrong, and where', () => {
  it.each(Object.entries(produced))('%s', async (code, [status, make, paths]) => {
    const [method, path, options] = make();
    const answer = await platform.api.call(method, path, options);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect([answer.status, answer.body.status, answer.body.code]).toEqual([status, status, code]);
    expect(answer.body.errors?.map((error) => error.path)).toEqual(paths);
    for (const { message } of answer.body.errors ?? []) expect(message).not.toBe('');
  });
});
