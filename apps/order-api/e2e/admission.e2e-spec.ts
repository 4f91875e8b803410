import { once } from 'node:events';
import { connect } from 'node:net';
import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

/** Of a process that has not been busy yet. */
const FIRST_LIMIT = 48;
const UNSENT = [
  'POST /v1/orders HTTP/1.1',
  'Host: x',
  'Connection: close',
  'Content-Length: 10',
  'Expect: 100-continue',
  '\r\n',
].join('\r\n');

let platform: Platform;
beforeAll(async () => {
  // As it is without a setting.
  const apiEnv = { ADMISSION_TARGET_MS: '', HSTS_SECONDS: '600' };
  platform = await startPlatform({ name: 'admission', workers: 0, apiEnv });
});
afterAll(() => platform?.stop());

it('strangers that never send their body refuse no one else a place', async () => {
  const order = await orders(1);
  for (let nth = 0; nth < 2 * FIRST_LIMIT; nth += 1) {
    const socket = connect(Number(new URL(platform.baseUrl).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.write(UNSENT);
    // The server has begun with it: it asks for the body.
    await once(socket, 'data');
  }
  expect((await order.place()).status).toBe(201);
  expect((await platform.api.get('/products?limit=1')).status).toBe(200);
  expect(await platform.apis[0]!.metrics()).toMatch(
    new RegExp(`^http_admission_limit(\\{.*\\})? ${FIRST_LIMIT}$`, 'm'),
  );
});

it('orders beyond the first limit are refused at once, and those before it are placed', async () => {
  const { place } = await orders(2 * FIRST_LIMIT);
  const database = await platform.primary.getConnection();
  onTestFinished(() => database.destroy());
  await database.query('START TRANSACTION');
  // No row can be added while all of them, and the gaps between, are locked.
  await database.query('SELECT id FROM outbox FOR UPDATE');
  const refused: Headers[] = [];
  const placed = Array.from({ length: 2 * FIRST_LIMIT }, async () => {
    const { status, headers } = await place();
    if (status === 503) refused.push(headers);
    return status;
  });
  await eventually(() => refused.length === FIRST_LIMIT);
  expect(Number(refused[0]!.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(refused[0]!.get('strict-transport-security')).toBe('max-age=600');
  expect((await platform.api.get('/products?limit=1')).status).toBe(200);
  await database.query('ROLLBACK');
  const statuses = await Promise.all(placed);
  expect(statuses.filter((status) => status === 201)).toHaveLength(FIRST_LIMIT);
  expect((await place()).status).toBe(201);
});

/** One product, with enough of it. */
async function orders(stock: number) {
  const [productId, userId] = [await platform.shop.product(2 * stock), await platform.shop.user()];
  return { place: () => platform.shop.order(userId, [{ productId, quantity: 1 }]) };
}
