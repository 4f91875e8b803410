import { Injectable } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { type JobProcessor, ProcessorFor } from '@fourfold/queue';
import { type CacheInvalidation, cacheInvalidationQueue } from '@shop/contracts';

@Injectable()
@ProcessorFor(cacheInvalidationQueue)
export class CacheInvalidationProcessor implements JobProcessor<CacheInvalidation> {
  constructor(private readonly cache: MultiLevelCache) {}

  async handle({ namespace, ids }: CacheInvalidation): Promise<void> {
    const { deferred } = await this.cache.invalidate(namespace, ...ids);
    if (deferred)
      throw new Error(`The cache could not be told that ${ids.length} of ${namespace} have changed`);
  }
}
