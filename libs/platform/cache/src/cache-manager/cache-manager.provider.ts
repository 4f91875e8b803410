import type { FactoryProvider } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import { MultiLevelCache } from '../multi-level-cache.js';
import { type CacheManagerOptions, createMultiLevelCacheManager } from './cache-manager.facade.js';

/** The token of `@nestjs/cache-manager`, by its value: that package need not be there. */
const CACHE_MANAGER = 'CACHE_MANAGER';

/** In place of `CacheModule.register()` of `@nestjs/cache-manager`: what injects `CACHE_MANAGER` gets this cache. */
export function cacheManagerProvider(options: CacheManagerOptions = {}): FactoryProvider<Cache> {
  return {
    provide: CACHE_MANAGER,
    inject: [MultiLevelCache],
    useFactory: (cache: MultiLevelCache) => createMultiLevelCacheManager(cache, options),
  };
}
