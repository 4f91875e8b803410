import type { OutcomeEmail, UserView } from '@shop/contracts';

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
  const total = new Intl.NumberFormat('en-GB', { style: 'currency', currency: email.total.currency }).format(
    email.total.amount / 100,
  );
  return {
    subject: `Order ${email.orderId} ${subject}`,
    text: `Dear ${user.name},\n\n${text}\n\nOrder: ${email.orderId}\nTotal: ${total}\n\nFourfold\n`,
  };
}
