import type { Money, OutcomeEmail, UserView } from '@shop/contracts';
import { type MailText, written } from './mail.document.js';

const said: Record<OutcomeEmail['outcome'], { subject: string; text: string }> = {
  confirmed: {
    subject: 'confirmed',
    text: 'Your order is confirmed, and everything in it is set aside for you.',
  },
  rejected: {
    subject: 'can’t be delivered',
    text: 'We are sorry: part of your order is out of stock, so we took nothing.',
  },
  cancelled: { subject: 'cancelled', text: 'Your order is cancelled, as you asked.' },
};

/** What became of an order. Its items are not in it: a mail costs no read of them. */
export function outcomeEmail(
  { outcome, orderId, total }: Pick<OutcomeEmail, 'outcome' | 'orderId' | 'total'>,
  { name }: Pick<UserView, 'name'>,
): MailText {
  const subject = `Order ${orderId} ${said[outcome].subject}`;
  return written({
    subject,
    heading: subject,
    paragraphs: [`Dear ${name},`, said[outcome].text],
    facts: [
      ['Order', orderId],
      ['Total', formatted(total)],
    ],
  });
}

/** By currency: to make one takes longer than all else of a mail's text. */
const formats = new Map<string, Intl.NumberFormat>();

/** From the decimal digits: a division by 100 would round a total of 16 digits to the next tenth. */
function formatted({ amount, currency }: Money): string {
  let format = formats.get(currency);
  if (!format)
    formats.set(currency, (format = new Intl.NumberFormat('en-GB', { style: 'currency', currency })));
  return format.format(`${amount}E-${format.resolvedOptions().maximumFractionDigits ?? 0}` as `${number}`);
}
