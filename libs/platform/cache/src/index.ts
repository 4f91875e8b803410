export { cacheEnv } from './cache.env.js';
export { type AssembledCache, assembleCache, type CachePorts } from './assemble-cache.js';
export {
  CacheCallError,
  CacheUnavailableError,
  LoadLimitError,
  LoadTimeoutError,
  UncacheableValueError,
  UnknownNamespaceError,
} from './cache.errors.js';
export { type CacheNamespace, defineNamespace, type NamespaceView, policiesOf } from './cache-namespace.js';
export { CacheModule } from './cache.module.js';
export type { CacheModuleOptions } from './cache.options.js';
export type { CallOptions, PolicyOptions } from './cache-policy.js';
export type { CacheStats, NamespaceStats } from './cache-stats.js';
export type { WriteOutcome } from './invalidation/cache.writer.js';
export { CarriedInvalidations, type InvalidationNote } from './invalidation/carried-invalidations.js';
export type { L2State } from './l2/redis-availability.js';
export { RedisL2Store } from './l2/redis-l2.store.js';
export type { L2Memory } from './l2/server-info.js';
export { valueMayBeOld } from './loading/load.context.js';
export type { OldValueListener } from './loading/old-values.js';
export type { LoadMany } from './loading/reading.js';
export { MultiLevelCache, type ReadOptions } from './multi-level-cache.js';
export type { NamespaceCounts } from './namespace.js';
export type { SerializerName } from './serializing/serializer.js';
export {
  CACHE_MANAGER,
  type CacheManager,
  type CacheManagerOptions,
  cacheManagerProvider,
  createMultiLevelCacheManager,
} from './cache-manager/cache-manager.facade.js';
export { useCache } from './decorators/replace-method.js';
export { Cached, type CachedOptions } from './decorators/cached.decorator.js';
export { AmbiguousCacheIdError, CacheMissingError } from './decorators/decorator.errors.js';
export { CacheInterceptor } from './http/cache.interceptor.js';
export { CachedRoute, type CachedRouteOptions, type RouteRequest } from './http/cached-route.decorator.js';
export { entityTag, matchesNone } from './http/entity-tag.js';
export { routeId } from './http/route-id.js';
export {
  CacheWarmer,
  type WarmupReports,
  type WarmupRun,
  type WarmupSourceReport,
} from './warming/cache.warmer.js';
export type { WarmupEntries, WarmupEntry, WarmupOptions, WarmupReport } from './warm-up.js';
export { WarmupSource } from './warming/warmup.source.js';
