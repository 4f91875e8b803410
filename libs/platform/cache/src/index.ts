export { cacheEnv } from './cache.env.js';
export { type AssembledCache, assembleCache, type CachePorts } from './assemble-cache.js';
export {
  CacheCallError,
  CacheConfigurationError,
  CacheUnavailableError,
  LoadLimitError,
  LoadTimeoutError,
  UncacheableValueError,
  UnknownNamespaceError,
} from './cache.errors.js';
export { CacheModule } from './cache.module.js';
export type { CacheModuleOptions } from './cache.options.js';
export type { CallOptions, PolicyOptions } from './cache-policy.js';
export type { CacheStats, NamespaceStats } from './cache.stats.js';
export type { WriteOutcome } from './cache.writer.js';
export { CarriedInvalidations, type InvalidationNote } from './invalidation/carried-invalidations.js';
export type { L2Memory } from './l2/l2-memory.js';
export { type L2Health, type L2State, RedisL2Store } from './l2/redis-l2.store.js';
export type { LoadMany } from './loading/load.runner.js';
export { type OldValueListener, valueMayBeOld } from './loading/old-values.js';
export { MultiLevelCache, type ReadOptions } from './multi-level-cache.js';
export type { NamespaceCounts } from './namespace.js';
export type { SerializerName } from './serializing/serializer.js';
export {
  type CacheManagerOptions,
  createMultiLevelCacheManager,
} from './cache-manager/cache-manager.facade.js';
export { cacheManagerProvider } from './cache-manager/cache-manager.provider.js';
export { useCache } from './decorators/cache-property.js';
export { Cached, type CachedOptions } from './decorators/cached.decorator.js';
export { AmbiguousCacheIdError, CacheMissingError } from './decorators/decorator.errors.js';
export { Invalidates, type InvalidatesOptions } from './decorators/invalidates.decorator.js';
export { CacheInterceptor } from './http/cache.interceptor.js';
export { CachedRoute, type CachedRouteOptions, type RouteRequest } from './http/cached-route.decorator.js';
export { routeId } from './http/route-id.js';
export {
  CacheWarmer,
  type WarmupReports,
  type WarmupRun,
  type WarmupSourceReport,
} from './warming/cache.warmer.js';
export type { WarmupEntries, WarmupEntry, WarmupOptions, WarmupReport } from './warming/warm-up.js';
export { WarmupSource } from './warming/warmup.source.js';
