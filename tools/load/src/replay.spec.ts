import { expect, it } from 'vitest';
import { dueCalls } from './replay.js';

const orderAt = (minute: number, userId: string) => ({
  placedAtMs: Date.UTC(2010, 11, 1, 8, minute),
  userId,
  items: [{ productId: '1', quantity: 1 }],
  shippingAddress: 'Leeds',
});

it('orders are due when they were placed, so many times as fast, those of one minute spread over it', () => {
  const calls = dueCalls([orderAt(28, 'c'), orderAt(26, 'a'), orderAt(26, 'b')], { speed: 60, run: 'r' });
  const users = calls.map(({ call }) => (JSON.parse(call.body!) as { userId: string }).userId);
  expect(users).toEqual(['a', 'b', 'c']);
  expect(calls.map(({ atMs }) => atMs)).toEqual([0, 500, 2_000]);
});
