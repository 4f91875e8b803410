import type { OutboxMessage } from '@fourfold/outbox';
import { emailQueue, gbp, type OutcomeEmail } from '@shop/contracts';
import type { LockedOrder } from './locked-orders.js';

/** One message id per order, whatever the outcome: an order can't have two outcome e-mails. */
export function outcomeEmail(
  order: LockedOrder,
  outcome: OutcomeEmail['outcome'],
): OutboxMessage<typeof emailQueue> {
  const payload: OutcomeEmail = {
    outcome,
    orderId: order.id,
    userId: order.userId,
    total: gbp(order.totalMinor),
  };
  return { messageId: `outcome-email:${order.id}`, queue: emailQueue.name, payload };
}
