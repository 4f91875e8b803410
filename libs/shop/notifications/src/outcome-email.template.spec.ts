import { describe, expect, it } from 'vitest';
import { outcomeEmailText } from './outcome-email.template.js';

const user = {
  id: '7',
  name: 'Ada',
  email: 'ada@example.com',
  createdAt: '2026-01-01T00:00:00.000Z',
  version: 1,
};
const total = { amount: 123_456, currency: 'GBP' };

describe('outcomeEmailText', () => {
  it.each([
    ['confirmed', 'Order 42 confirmed'],
    ['rejected', 'Order 42 can’t be delivered'],
    ['cancelled', 'Order 42 cancelled'],
  ] as const)('says that the order is %s', (outcome, subject) => {
    const mail = outcomeEmailText({ outcome, orderId: '42', userId: '7', total }, user);
    expect(mail.subject).toBe(subject);
    expect(mail.text).toContain('Dear Ada');
    expect(mail.text).toContain('£1,234.56');
  });

  it.each([
    [0, 'GBP', '£0.00'],
    [1, 'GBP', '£0.01'],
    [99_999_999_999_999, 'GBP', '£999,999,999,999.99'],
    [Number.MAX_SAFE_INTEGER, 'GBP', '£90,071,992,547,409.91'],
    [Number.MAX_SAFE_INTEGER - 2, 'GBP', '£90,071,992,547,409.89'],
    [-Number.MAX_SAFE_INTEGER, 'GBP', '-£90,071,992,547,409.91'],
    [Number.MAX_SAFE_INTEGER, 'JPY', 'JP¥9,007,199,254,740,991'],
    [Number.MAX_SAFE_INTEGER, 'KWD', 'KWD\u00a09,007,199,254,740.991'],
  ])('writes a total of %d minor units of %s to the last one', (amount, currency, written) => {
    const email = { outcome: 'confirmed', orderId: '42', userId: '7', total: { amount, currency } } as const;
    expect(outcomeEmailText(email, user).text).toContain(`Total: ${written}\n`);
  });
});
