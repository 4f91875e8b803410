import type { OutboxMessage } from '@fourfold/outbox';
import { RECOMMENDATIONS_AFTER_MS, recommendationsQueue } from '@shop/contracts';

/** Orders that are confirmed within one such time are due at the same moment. */
const TOGETHER_MS = 1_000;

/**
 * Has an order that is confirmed counted for recommendations, 5 to 6 s later: on the full second, so that those of one second
 * are relayed and counted together, and not one by one as they came.
 */
export function basketMessage(orderId: string, nowMs: number): OutboxMessage<typeof recommendationsQueue> {
  return {
    messageId: `recommendations:${orderId}`,
    queue: recommendationsQueue.name,
    payload: { orderId },
    runAt: new Date(Math.ceil((nowMs + RECOMMENDATIONS_AFTER_MS) / TOGETHER_MS) * TOGETHER_MS),
  };
}
