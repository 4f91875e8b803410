/**
 * The name of one cached thing, the same in every process: `<length of namespace>:<namespace>:<id>`. The length makes it
 * unambiguous whatever characters the two parts hold: `('a:b','c')` is `3:a:b:c`, `('a','b:c')` is `1:a:b:c`.
 */
export type CacheKey = string;

export function cacheKey(namespace: string, id: string): CacheKey {
  return `${namespace.length}:${namespace}:${id}`;
}

/**
 * Where things lie in Redis. The serialiser's version is in the value's bytes and not in its key: during a rolling
 * deploy an invalidate by either version must reach the value both of them read.
 */
export class RedisKeys {
  /** Random text that every stored value starts with; renewing it makes all of them misses. */
  readonly generation: string;
  /** The `run_id` of the server that the generation was made on. */
  readonly runId: string;
  readonly channel: string;

  constructor(private readonly prefix: string) {
    this.generation = `${prefix}:generation`;
    this.runId = `${prefix}:run-id`;
    this.channel = `${prefix}:invalidate`;
  }

  value(key: CacheKey): string {
    return `${this.prefix}:v:${key}`;
  }

  lease(key: CacheKey): string {
    return `${this.prefix}:l:${key}`;
  }
}
