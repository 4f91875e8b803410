import type { OutboxMessage } from '@fourfold/outbox';
import { RECOMMENDATIONS_AFTER_MS, recommendationsQueue } from '@shop/contracts';

/** Orders that are confirmed within one such time are due at the same moment. */
const TOGETHER_MS = 1_000;

/** Of one message: a large order has thousands of rows to count. */
const MOST_ORDERS = 32;

/**
 * Has orders that are confirmed in one transaction counted for recommendations, 5 to 6 s later: on the full second, so that
 * those of one second are relayed and counted together, and not one by one as they came. An order is confirmed once, so
 * the first one names the message.
 */
export function basketMessages(
  orderIds: readonly string[],
  nowMs: number,
): OutboxMessage<typeof recommendationsQueue>[] {
  const runAt = new Date(Math.ceil((nowMs + RECOMMENDATIONS_AFTER_MS) / TOGETHER_MS) * TOGETHER_MS);
  return Array.from({ length: Math.ceil(orderIds.length / MOST_ORDERS) }, (_, at) => {
    const some = orderIds.slice(at * MOST_ORDERS, (at + 1) * MOST_ORDERS);
    return {
      messageId: `recommendations:${some[0]}`,
      queue: recommendationsQueue.name,
      payload: { orderIds: some },
      runAt,
      // Of many orders: it belongs to the trace of none.
      trace: null,
    };
  });
}
