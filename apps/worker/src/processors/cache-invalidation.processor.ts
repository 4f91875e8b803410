import { Injectable } from '@nestjs/common';
import { CacheUnavailableError, MultiLevelCache } from '@fourfold/cache';
import { type JobProcessor, ProcessorFor } from '@fourfold/queue';
import { type CacheInvalidation, cacheInvalidationQueue } from '@shop/contracts';

@Injectable()
@ProcessorFor(cacheInvalidationQueue)
export class CacheInvalidationProcessor implements JobProcessor<CacheInvalidation> {
  constructor(private readonly cache: MultiLevelCache) {}

  async handle(changed: CacheInvalidation): Promise<void> {
    const invalidate = async ([namespace, ids]: [string, string[]]) => {
      const { deferred } = await this.cache.invalidate(namespace, ...ids);
      // This process remembers it and may die first: the message stays where it is until Redis has been told.
      if (deferred) throw new CacheUnavailableError(namespace, ids);
    };
    await Promise.all(Object.entries(changed).map(invalidate));
  }
}
