import type { Money, OutcomeEmail, UserView } from '@shop/contracts';

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

/** Plain text: every mail program shows it, and nothing in it can be injected into. */
export function outcomeEmailText(email: OutcomeEmail, user: UserView): { subject: string; text: string } {
  const { subject, text } = said[email.outcome];
  return {
    subject: `Order ${email.orderId} ${subject}`,
    text: `Dear ${user.name},\n\n${text}\n\nOrder: ${email.orderId}\nTotal: ${formatted(email.total)}\n\nFourfold\n`,
  };
}

/** From the decimal digits: a division by 100 would round a total of 16 digits to the next tenth. */
function formatted({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat('en-GB', { style: 'currency', currency });
  return format.format(`${amount}E-${format.resolvedOptions().maximumFractionDigits ?? 0}` as `${number}`);
}
