export { cacheEnv } from './cache.env.js';
export { type AssembledCache, assembleCache, type CachePorts } from './assemble-cache.js';
export { CacheConfigurationError, UncacheableValueError, UnknownNamespaceError } from './cache.errors.js';
export { CacheModule } from './cache.module.js';
export type { CacheModuleOptions, NamespaceOptions } from './cache.options.js';
export type { LoadMany } from './leased-loader.js';
export {
  type CacheStats,
  MultiLevelCache,
  type ReadOptions,
  type WriteOutcome,
} from './multi-level-cache.js';
export type { NamespaceCounts } from './namespace.js';
export { type L2Health, type L2State, RedisL2Store } from './redis-l2.store.js';
