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
});
