import { Injectable } from '@nestjs/common';
import { CacheUnavailableError, MultiLevelCache, type WriteOutcome } from '@fourfold/cache';
import { type JobProcessor, ProcessorFor } from '@fourfold/queue';
import { type CacheInvalidation, cacheInvalidationQueue, StockKeeper } from '@shop/contracts';

@Injectable()
@ProcessorFor(cacheInvalidationQueue)
export class CacheInvalidationProcessor implements JobProcessor<CacheInvalidation> {
  constructor(
    private readonly cache: MultiLevelCache,
    private readonly stock: StockKeeper,
  ) {}

  async handle(changed: CacheInvalidation): Promise<void> {
    const invalidate = async ([namespace, ids]: [string, string[]]) => {
      const { deferred } = await this.tell(namespace, ids);
      // This process remembers it and may die first: the message stays where it is until Redis has been told.
      if (deferred) throw new CacheUnavailableError(namespace, ids);
    };
    await Promise.all(Object.entries(changed).map(invalidate));
  }

  /** The catalogue knows what else is made of a product's stock. */
  private tell(namespace: string, ids: readonly string[]): Promise<WriteOutcome> {
    if (namespace !== 'stock') return this.cache.invalidate(namespace, ...ids);
    return this.stock.changed(ids.map((productId) => ({ productId })));
  }
}
