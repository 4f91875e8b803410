import { CacheCallError } from './cache.errors.js';

/**
 * The name of one cached thing, the same in every process: `<length of namespace>:<namespace>:<id>`. The length makes it
 * unambiguous whatever characters the two parts hold, if they are well-formed: `('a:b','c')` is `3:a:b:c`, `('a','b:c')` is `1:a:b:c`.
 */
export type CacheKey = string;

export function cacheKey(namespace: string, id: string): CacheKey {
  return `${namespace.length}:${namespace}:${id}`;
}

/** @throws CacheCallError for what is no id: Redis stores UTF-8, in which all halves of surrogate pairs are one character. */
export function keyOf(namespace: string, id: unknown): CacheKey {
  if (typeof id === 'string' && id.isWellFormed()) return cacheKey(namespace, id);
  throw new CacheCallError(namespace, [`id must be a well-formed text, not ${JSON.stringify(id)}`]);
}

export function namespaceOf(key: CacheKey): string {
  const colon = key.indexOf(':');
  return key.slice(colon + 1, colon + 1 + Number(key.slice(0, colon)));
}

/**
 * Where things lie in Redis. The serialiser's format is in the value's bytes and not in its key: during a rolling
 * deploy an invalidate by either version must reach the value both of them read.
 */
export class RedisKeys {
  readonly channel: string;

  constructor(private readonly prefix: string) {
    this.channel = `${prefix}:invalidate`;
  }

  value(key: CacheKey): string {
    return `${this.prefix}:v:${key}`;
  }

  lease(key: CacheKey): string {
    return `${this.prefix}:l:${key}`;
  }

  /** Random text that every stored value of the namespace starts with; without it, or with another, all are misses. */
  generation(namespace: string): string {
    return `${this.prefix}:g:${namespace}`;
  }

  /** The `run_id` of the server that the namespace's generation was made on. */
  runId(namespace: string): string {
    return `${this.prefix}:r:${namespace}`;
  }
}
