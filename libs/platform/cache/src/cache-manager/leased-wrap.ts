import type { Cache } from 'cache-manager';
import type { MultiLevelCache } from '../multi-level-cache.js';
import { entryOf, fromCached, isOver, type KeyvEntry, toCached, ttlOptions } from './keyv-entry.js';

type Ttl = number | ((value: unknown) => number) | undefined;

/**
 * `wrap` by `getOrLoad`: one load for all processes, and none that an invalidate has overtaken is stored. A TTL that is a
 * function is known only once the value is, so such an entry lies for the namespace's TTL and carries its own end.
 */
export class LeasedWrap {
  /** Entries found to be over, while they are being dropped: once for all who find them. */
  private readonly dropping = new Map<string, Promise<unknown>>();

  constructor(
    private readonly cache: MultiLevelCache,
    private readonly namespace: string,
  ) {}

  /** Cache-manager's own signature. `refreshThreshold` is not looked at: the namespace's refresh ahead is for that. */
  readonly wrap = (async (key: string, load: () => unknown, ttlOrOptions?: unknown): Promise<unknown> => {
    const { ttl, raw } = readOptions(ttlOrOptions);
    const first = await this.entry(key, load, ttl);
    let entry = first;
    if (isOver(first, Date.now())) {
      await this.drop(key);
      entry = await this.entry(key, load, ttl);
    }
    return raw ? entry : entry.value;
  }) as Cache['wrap'];

  private async entry(key: string, load: () => unknown, ttl: Ttl): Promise<KeyvEntry> {
    const loadEntry = async (): Promise<KeyvEntry | null> => {
      const value = await load();
      const ttlMs = typeof ttl === 'function' ? ttl(value) : ttl;
      return toCached(entryOf(value, ttlMs, Date.now()));
    };
    const options = typeof ttl === 'function' ? {} : ttlOptions(ttl);
    return fromCached(await this.cache.getOrLoad(this.namespace, key, loadEntry, options));
  }

  private drop(key: string): Promise<unknown> {
    const current = this.dropping.get(key);
    if (current !== undefined) return current;
    const dropped = this.cache.invalidate(this.namespace, key).finally(() => void this.dropping.delete(key));
    this.dropping.set(key, dropped);
    return dropped;
  }
}

function readOptions(given: unknown): { ttl: Ttl; raw: boolean } {
  if (typeof given !== 'object' || given === null) return { ttl: given as Ttl, raw: false };
  const { ttl, raw = false } = given as { ttl?: Ttl; raw?: boolean };
  return { ttl, raw };
}
