import { gbp } from '@shop/contracts';
import { expect, it } from 'vitest';
import { encode, ENCODING, encodePage, type OrderView } from './order.view.js';

const order: OrderView = {
  id: '42',
  userId: '7',
  status: 'rejected',
  items: [{ productId: '1', quantity: 2, unitPrice: gbp(5) }],
  total: gbp(10),
  shippingAddress: 'Här, 12 James’s 🏠',
  createdAt: '2026-01-01T00:00:00.000Z',
  rejectionReason: 'out_of_stock',
  version: 3,
};

it('the text of an order is what its version says: raise ENCODING with whatever changes here', () => {
  expect([ENCODING, encode(order).body]).toEqual([
    2,
    '{"id":"42","userId":"7","status":"rejected","items":[{"productId":"1","quantity":2,"unitPrice":{"amount":5,"currency":"GBP"}}],' +
      '"total":{"amount":10,"currency":"GBP"},"shippingAddress":"Här, 12 James\\u2019s \\ud83c\\udfe0","createdAt":"2026-01-01T00:00:00.000Z","rejectionReason":"out_of_stock"}',
  ]);
  expect(encode(order)).toMatchObject({ id: '42', userId: '7', version: 3 });
  expect(JSON.parse(encode(order).body)).toHaveProperty('shippingAddress', order.shippingAddress);
});

it('a page is the JSON of its orders, and has another state whenever one of them, or the cursor, is another', () => {
  const [one, two] = [encode(order), encode({ ...order, id: '43' })];
  const changed = encode({ ...order, version: 4 });
  const pages = [
    encodePage([], null),
    encodePage([one], null),
    encodePage([one], '"c"'),
    encodePage([one, two], null),
    encodePage([two, one], null),
    encodePage([changed], null),
  ];
  expect(new Set(pages.map(({ state }) => state)).size).toBe(pages.length);
  expect(JSON.parse(pages[3]!.body)).toEqual({
    items: [JSON.parse(one.body), JSON.parse(two.body)],
    nextCursor: null,
  });
  expect(JSON.parse(pages[2]!.body)).toMatchObject({ nextCursor: '"c"' });
});
