import { recommendationsQueue } from '@shop/contracts';
import { expect, it } from 'vitest';
import { basketMessages } from './basket-message.js';

it('orders of a transaction are named by one message for each 32, due on one full second, and each by its first order', () => {
  const ids = Array.from({ length: 70 }, (_, at) => String(at + 1));
  const messages = basketMessages(ids, 1_000_400);
  expect(messages.map(({ messageId }) => messageId)).toEqual([
    'recommendations:1',
    'recommendations:33',
    'recommendations:65',
  ]);
  expect(messages.flatMap(({ payload }) => payload.orderIds)).toEqual(ids);
  expect(new Set(messages.map(({ runAt }) => runAt?.getTime()))).toEqual(new Set([1_006_000]));
  expect(basketMessages([], 1_000_400)).toEqual([]);
});

it('a message of a release before names one order', () => {
  expect(recommendationsQueue.payload.parse({ orderId: '7' })).toEqual({ orderIds: ['7'] });
  expect(recommendationsQueue.payload.parse({ orderIds: ['7', '8'] })).toEqual({ orderIds: ['7', '8'] });
  expect(recommendationsQueue.payload.safeParse({ orderIds: [] }).success).toBe(false);
});
