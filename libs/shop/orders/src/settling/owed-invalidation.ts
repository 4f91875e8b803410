import type { OutboxMessage } from '@fourfold/outbox';
import { cacheInvalidationQueue, type CacheInvalidation } from '@shop/contracts';

/** A message that drops the cached order, and the stock that it moved, for when the process that changed them can't do it or may not live to. */
export function owedInvalidation(
  cause: string,
  orderId: string,
  productIds: readonly string[] = [],
): OutboxMessage<typeof cacheInvalidationQueue> {
  const payload: CacheInvalidation = {
    order: [orderId],
    ...(productIds.length > 0 && { stock: [...productIds] }),
  };
  return { messageId: `${cause}:${orderId}:cache`, queue: cacheInvalidationQueue.name, payload };
}
