import { type Cache, createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { UnknownNamespaceError } from '../cache.errors.js';
import type { MultiLevelCache } from '../multi-level-cache.js';
import { LeasedWrap } from './leased-wrap.js';
import { MultiLevelKeyvStore } from './multi-level-keyv.store.js';

export interface CacheManagerOptions {
  /** A declared namespace, which nothing else should use. Default `cache-manager`. */
  namespace?: string;
}

/**
 * A cache-manager 7 over one namespace of the cache: reads and `set` by a Keyv that does not serialise, `wrap` by
 * `getOrLoad`. Where cache-manager says `true` whatever happened, this says whether Redis was told.
 * @throws UnknownNamespaceError
 */
export function createMultiLevelCacheManager(
  cache: MultiLevelCache,
  { namespace = 'cache-manager' }: CacheManagerOptions = {},
): Cache {
  const { namespaces } = cache.stats();
  // Now: cache-manager takes an error of a read for a miss, which would hide it for good.
  if (!Object.hasOwn(namespaces, namespace))
    throw new UnknownNamespaceError(namespace, Object.keys(namespaces));

  const keyv = new Keyv(new MultiLevelKeyvStore(cache, namespace), {
    useKeyPrefix: false,
    throwOnErrors: true,
  });
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  const manager = createCache({ stores: [keyv], cacheId: namespace });
  // There is no other way to the emitter that `on` subscribes to.
  const events = manager.off('clear', () => {});

  return {
    ...manager,
    wrap: new LeasedWrap(cache, namespace).wrap,
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
      const { deferred } = await cache.invalidateNamespace(namespace);
      events.emit('clear');
      return !deferred;
    },
  };
}
