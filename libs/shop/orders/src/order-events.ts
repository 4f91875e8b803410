import type { OutboxMessage } from '@fourfold/outbox';
import { analyticsQueue, type OrderEvent, type OrderEventKind } from '@shop/contracts';

/**
 * Events wait for the end of such a span of time, so that those of many orders come to the worker together and share a
 * transaction: the log is nothing that a customer waits for.
 */
const SPAN_MS = 2_000;

export const eventOf = (
  { id: orderId, totalMinor }: { id: string; totalMinor: number },
  event: OrderEventKind,
  at: Date,
): OrderEvent => ({ orderId, event, at: at.toISOString(), totalMinor });

/**
 * One message for all events of a transaction. Each of them happens once, so the first names the message.
 * @param cause what the transaction does
 * @returns none for no events
 */
export function orderEvents(
  cause: 'placed' | 'settled' | 'cancelled',
  events: readonly OrderEvent[],
): OutboxMessage<typeof analyticsQueue>[] {
  const [first] = events;
  if (!first) return [];
  return [
    {
      messageId: `order-events:${cause}:${first.orderId}`,
      queue: analyticsQueue.name,
      payload: { events: [...events] },
      runAt: new Date(Math.ceil(Date.now() / SPAN_MS) * SPAN_MS),
      // Of many orders: it belongs to the trace of none.
      trace: null,
    },
  ];
}
