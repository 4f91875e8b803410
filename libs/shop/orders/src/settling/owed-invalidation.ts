import type { OutboxMessage } from '@fourfold/outbox';
import { cacheInvalidationQueue, type CacheInvalidation } from '@shop/contracts';

/** A message that drops cached values, for when the process that changed them can't do it or may not live to. */
export function owedInvalidation(
  cause: string,
  namespace: CacheInvalidation['namespace'],
  ids: readonly string[],
): OutboxMessage {
  const payload: CacheInvalidation = { namespace, ids: [...ids] };
  return { messageId: `${cause}:${namespace}`, queue: cacheInvalidationQueue.name, payload };
}
