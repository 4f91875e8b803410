import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually } from '@fourfold-tools/testing';
import type { RowDataPacket } from 'mysql2';
import { afterAll, beforeAll, expect, it } from 'vitest';

const UNITS = 60;
const BUYERS = 5 * UNITS;

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform({ name: 'flash-sale', workers: 2 });
});
afterAll(() => platform?.stop());

async function outcomes(): Promise<Record<string, number>> {
  const [rows] = await platform.primary.query<RowDataPacket[]>(
    'SELECT status, COUNT(*) AS orders FROM orders GROUP BY status',
  );
  return Object.fromEntries(rows.map(({ status, orders }) => [status as string, Number(orders)]));
}

it('of one product, five buyers for each unit at once: every unit is sold once, and each buyer is told', async () => {
  const productId = await platform.shop.product(UNITS);
  const userId = await platform.shop.user();
  // The workers stand still until all are accepted: what is sold out would be refused at the door else.
  await platform.withoutWorker(async () => {
    const placed = await Promise.all(
      Array.from({ length: BUYERS }, () => platform.shop.order(userId, [{ productId, quantity: 1 }])),
    );
    expect(new Set(placed.map(({ status }) => status))).toEqual(new Set([201]));
  });
  await eventually(async () => !('pending' in (await outcomes())), { deadlineMs: 60_000 });
  expect(await outcomes()).toEqual({ confirmed: UNITS, rejected: BUYERS - UNITS });
  expect(await platform.shop.stockOf(productId)).toBe(0);
  const [[mails]] = await platform.primary.query<RowDataPacket[]>(
    "SELECT COUNT(*) AS messages FROM outbox WHERE queue = 'email'",
  );
  expect(Number(mails!['messages'])).toBe(BUYERS);
});
