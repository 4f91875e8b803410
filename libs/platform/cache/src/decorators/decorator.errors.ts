import { appError } from '@fourfold/kernel';

/** A decorated method was called on an instance that was given no cache. A programming error. */
export class CacheMissingError extends appError('cache-missing', 500, 'Instance has no cache') {
  /** @param method as `Class.method` */
  constructor(method: string) {
    super(
      `${method} is decorated for caching, but its instance has no cache. Let Nest make the instance, with ` +
        'CacheModule imported; or call useCache(instance, cache) before the method. A constructor is too early.',
    );
  }
}

/** No id can be made that is sure to be of this call only. A programming error. */
export class AmbiguousCacheIdError extends appError(
  'cache-id-ambiguous',
  500,
  'Cache id is missing or ambiguous',
) {
  /** @param where as `Class.method` */
  constructor(where: string, what: string) {
    super(`${where}: ${what}.`);
  }
}
