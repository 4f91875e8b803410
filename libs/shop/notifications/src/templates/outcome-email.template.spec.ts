import { describe, expect, it } from 'vitest';
import { outcomeEmail } from './outcome-email.template.js';

const user = {
  id: '7',
  name: 'Ada',
  email: 'ada@example.com',
  createdAt: '2026-01-01T00:00:00.000Z',
  version: 1,
};
const total = { amount: 123_456, currency: 'GBP' };

describe('outcomeEmail', () => {
  it.each([
    ['confirmed', 'Order 42 confirmed'],
    ['rejected', 'Order 42 can’t be delivered'],
    ['cancelled', 'Order 42 cancelled'],
  ] as const)('says that the order is %s', (outcome, subject) => {
    const mail = outcomeEmail({ outcome, orderId: '42', total }, user);
    expect(mail.subject).toBe(subject);
    expect(mail.text).toContain('Dear Ada');
    expect(mail.text).toContain('£1,234.56');
    expect(mail.html).toContain('<td>£1,234.56</td>');
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
    const email = { outcome: 'confirmed', orderId: '42', total: { amount, currency } } as const;
    expect(outcomeEmail(email, user).text).toContain(`Total: ${written}\n`);
  });
});

it('has nothing of a name be read as HTML, or as a line of its own', () => {
  const name = `<img src=x onerror="alert('1')">&\r\n\u0000\u202E\u2028x`;
  const { text, html } = outcomeEmail({ outcome: 'confirmed', orderId: '42', total }, { name });
  expect(text.split('\n')[0]).toBe(`Dear <img src=x onerror="alert('1')">& x,`);
  expect(html).toContain('<p>Dear &lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp; x,</p>');
  expect(html.match(/<img/g)).toBeNull();
});
