import type { KeyvStoreAdapter, StoredData } from 'keyv';
import type { MultiLevelCache } from '../multi-level-cache.js';
import { fromCached, isOver, type KeyvEntry, toCached, ttlOptions } from './keyv-entry.js';

/** A Keyv store over one namespace. Connections are the cache's, so there is nothing to disconnect. */
export class MultiLevelKeyvStore implements KeyvStoreAdapter {
  readonly opts = {};

  constructor(
    private readonly cache: MultiLevelCache,
    private readonly cacheNamespace: string,
  ) {}

  /** An entry that is over is a miss here already: Keyv would delete it, and a new one with it. */
  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    const found = await this.cache.peek<KeyvEntry>(this.cacheNamespace, key);
    if (found === undefined) return undefined;
    const entry = fromCached(found.value);
    return isOver(entry, Date.now()) ? undefined : (entry as StoredData<Value>);
  }

  /** @returns false when Redis could not be told. */
  async set(key: string, entry: KeyvEntry, ttlMs?: number): Promise<boolean> {
    const { deferred } = await this.cache.set(this.cacheNamespace, key, toCached(entry), ttlOptions(ttlMs));
    return !deferred;
  }

  /** @returns false when Redis could not be told. */
  async delete(key: string): Promise<boolean> {
    return this.deleteMany([key]);
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    if (keys.length === 0) return true;
    const { deferred } = await this.cache.invalidate(this.cacheNamespace, ...keys);
    return !deferred;
  }

  async clear(): Promise<void> {
    await this.cache.invalidateNamespace(this.cacheNamespace);
  }

  /** Keyv listens for errors here; ours are thrown. */
  on(): this {
    return this;
  }
}
