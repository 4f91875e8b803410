import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// A body or a list of items that is too large: `../bad-input.e2e-spec.ts`; headers: `../bad-requests.e2e-spec.ts`; load:
// `../log-floods.e2e-spec.ts`.

let platform: Platform;
beforeAll(async () => {
  platform = await sharedPlatform();
});
afterAll(() => platform?.stop());

/** A deadline and no measure: a parser or a pattern that explodes takes minutes. */
const inTime = () => AbortSignal.timeout(10_000);

describe('a body that is small and costly', () => {
  it.each([
    ['nested arrays', '['.repeat(100_000)],
    ['nested objects', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`],
    ['many keys', `{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":0`).join()}}`],
    ['a number of many digits', `{"stock":${'9'.repeat(200_000)}}`],
    ['an exponent', '{"stock":1e999999999}'],
  ])('is refused: %s', async (_what, rawBody) => {
    for (const [method, path] of [
      ['POST', '/products'],
      ['POST', '/orders'],
      ['POST', '/admin/shards/plan'],
      ['POST', '/admin/migrations'],
    ] as const) {
      const headers = { 'idempotency-key': 'costly' };
      const answer = await platform.api.call(method, path, { rawBody, headers, signal: inTime() });
      expect([400, 413]).toContain(answer.status);
    }
  });

  it('says no more than is of use about many faults', async () => {
    const items = Array.from({ length: 1_000 }, () => ({ productId: 'x', quantity: 0 }));
    const body = { userId: '1', items, shippingAddress: 'Here' };
    const answer = await platform.api.call('POST', '/orders', {
      body,
      headers: { 'idempotency-key': 'many' },
    });
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(1_000_000);
  });
});

describe('text that makes patterns explode', () => {
  it.each([
    `${'a'.repeat(30_000)}!`,
    `${'a.'.repeat(15_000)}@`,
    `${'a@'.repeat(15_000)}`,
    `a@${'a-'.repeat(15_000)}`,
    `${'\u200b'.repeat(20_000)}x`,
    `${' '.repeat(30_000)}x${' '.repeat(30_000)}`,
  ])('is answered in time, wherever it stands: %#', async (text) => {
    const query = encodeURIComponent(text.slice(0, 3_000));
    const answers = await Promise.all([
      platform.api.call('POST', '/users', { body: { name: text, email: text }, signal: inTime() }),
      platform.api.call('POST', '/products', { body: { sku: text, name: text }, signal: inTime() }),
      ...[`users?email=${query}`, `products?cursor=${query}`, `admin/funnel?from=${query}`].map((path) =>
        platform.api.call('GET', `/${path}`, { signal: inTime() }),
      ),
    ]);
    for (const { status } of answers) expect([200, 400, 431]).toContain(status);
  });
});

it.each(['limit=101', 'limit=0', 'limit=1e9', 'limit=-1'])('a page is bounded: %s', async (query) => {
  for (const list of ['products', 'users/1/orders', 'admin/dead-letters', 'users'])
    expect((await platform.api.get(`/${list}?${query}`)).body['errors'], list).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ path: 'limit' })]) as object,
    );
});

it('clients that send a byte now and then keep none of the others waiting', async () => {
  const { hostname, port } = new URL(platform.baseUrl);
  const slow: Socket[] = Array.from({ length: 300 }, () =>
    connect(Number(port), hostname).on('error', () => {}),
  );
  await Promise.all(slow.map((socket) => once(socket, 'connect')));
  for (const socket of slow) socket.write('POST /v1/orders HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, nth) => {
      for (const socket of slow) socket.write('a');
      return platform.api.call('GET', `/products?limit=${nth + 1}`, { signal: inTime() });
    }),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  for (const socket of slow) socket.destroy();
});
