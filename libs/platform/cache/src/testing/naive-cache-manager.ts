import { type Cache, type CacheManagerStore, createCache, KeyvAdapter } from 'cache-manager';
import { redisInsStore } from 'cache-manager-ioredis-yet';
import type { Redis } from 'ioredis';
import { Keyv } from 'keyv';

/** Cache-manager with memory before Redis, as its documentation shows it: the twin that has the traps. */
export class NaiveCacheManager {
  readonly memory = new Keyv();
  /** What the adapter is put over. */
  readonly telejson: CacheManagerStore;
  readonly redis: Keyv;
  readonly manager: Cache;

  constructor(client: Redis) {
    this.telejson = redisInsStore(client) as unknown as CacheManagerStore;
    this.redis = new Keyv({ store: new KeyvAdapter(this.telejson) });
    this.manager = createCache({ stores: [this.memory, this.redis] });
  }
}
