import type { FactoryProvider } from '@nestjs/common';
import { type Cache as CacheManager, createCache } from 'cache-manager';
import { Keyv, type KeyvStoreAdapter, type StoredData } from 'keyv';
import { CacheCallError, UnknownNamespaceError } from '../cache.errors.js';
import type { CallOptions } from '../cache-policy.js';
import type { WriteOutcome } from '../invalidation/cache.writer.js';
import { MultiLevelCache } from '../multi-level-cache.js';

export type { CacheManager };

export interface CacheManagerOptions {
  /** A declared namespace, which nothing else should use. Default `cache-manager`. */
  namespace?: string;
}

/** The token of `@nestjs/cache-manager`, by its value: that package need not be there. */
export const CACHE_MANAGER = 'CACHE_MANAGER';

/** In place of `CacheModule.register()` of `@nestjs/cache-manager`: what injects `CACHE_MANAGER` gets this cache. */
export function cacheManagerProvider(options: CacheManagerOptions = {}): FactoryProvider<CacheManager> {
  return {
    provide: CACHE_MANAGER,
    inject: [MultiLevelCache],
    useFactory: (cache: MultiLevelCache) => createMultiLevelCacheManager(cache, options),
  };
}

/**
 * A cache-manager 7 over one namespace of the cache: reads and `set` by a Keyv that does not serialise, `wrap` by
 * `getOrLoad`, so that one load does for all processes and none that an invalidate has overtaken is stored. Where
 * cache-manager says `true` whatever happened, this says whether Redis was told.
 * @throws UnknownNamespaceError
 */
export function createMultiLevelCacheManager(
  cache: MultiLevelCache,
  { namespace = 'cache-manager' }: CacheManagerOptions = {},
): CacheManager {
  const { namespaces } = cache.stats();
  // Now: cache-manager takes an error of a read for a miss, which would hide it for good.
  if (!Object.hasOwn(namespaces, namespace))
    throw new UnknownNamespaceError(namespace, Object.keys(namespaces));

  const keyv = new Keyv(storeOf(cache, namespace), { useKeyPrefix: false, throwOnErrors: true });
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  const manager = createCache({ stores: [keyv], cacheId: namespace });
  // There is no other way to the emitter that `on` subscribes to.
  const events = manager.off('clear', () => {});

  const wrap = async (key: string, load: () => unknown, ttlOrOptions?: unknown): Promise<unknown> => {
    const { ttl, raw = false } = optionsOf(ttlOrOptions);
    const value = await cache.getOrLoad(namespace, key, async () => load(), ttlOptions(namespace, ttl));
    return raw ? { value } : value;
  };
  return {
    ...manager,
    wrap: wrap as CacheManager['wrap'],
    async del(key) {
      const isTold = await keyv.delete(key);
      events.emit('del', { key });
      return isTold;
    },
    async mdel(keys) {
      const isTold = await keyv.deleteMany(keys);
      events.emit('mdel', { keys });
      return isTold;
    },
    async clear() {
      const isTold = await told(cache.invalidateNamespace(namespace));
      events.emit('clear');
      return isTold;
    },
  };
}

/** Connections are the cache's, so there is nothing to disconnect. Writes give false when Redis could not be told. */
function storeOf(cache: MultiLevelCache, namespace: string): KeyvStoreAdapter {
  const deleteMany = (keys: string[]): Promise<boolean> => told(cache.invalidate(namespace, ...keys));
  return {
    opts: {},
    async get<Value>(key: string) {
      const found = await cache.peek<Value>(namespace, key);
      return found && ({ value: found.value } as StoredData<Value>);
    },
    set: (key: string, entry: { value: unknown }, ttlMs?: number) =>
      told(cache.set(namespace, key, entry.value, ttlOptions(namespace, ttlMs))),
    delete: (key) => deleteMany([key]),
    deleteMany,
    clear: async () => void (await cache.invalidateNamespace(namespace)),
    // Keyv listens for errors here; ours are thrown.
    on() {
      return this;
    },
  };
}

async function told(outcome: Promise<WriteOutcome>): Promise<boolean> {
  return !(await outcome).deferred;
}

/**
 * A TTL that the caller has named is an upper bound: not spread. 0 and undefined name none.
 * @throws CacheCallError for one that is made from the value, which is known too late for the lease
 */
function ttlOptions(namespace: string, ttl: unknown): CallOptions {
  if (ttl === undefined || ttl === 0) return {};
  if (typeof ttl !== 'number') throw new CacheCallError(namespace, ['ttl must be a number of milliseconds']);
  return { ttlMs: ttl, nilTtlMs: ttl, jitter: 0 };
}

/** `refreshThreshold` is not looked at: the namespace's refresh ahead is for that. */
function optionsOf(given: unknown): { ttl?: unknown; raw?: boolean } {
  return typeof given === 'object' && given !== null ? given : { ttl: given };
}
