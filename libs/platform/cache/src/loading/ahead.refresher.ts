import { cacheKey, type CacheKey } from '../cache-key.js';
import type { LeasedLoader } from './leased-loader.js';
import type { Reading } from './reading.js';

/** After a look at whether to refresh, this process leaves the key alone for so long, whatever came of it. */
const COOL_DOWN_MS = 1_000;

/** Loads values anew shortly before their end, behind the callers' backs: one look a key at a time in this process. */
export class AheadRefresher {
  private readonly looked = new Map<CacheKey, NodeJS.Timeout | undefined>();
  private isClosed = false;

  constructor(private readonly loader: LeasedLoader) {}

  trigger(reading: Reading, id: string): void {
    const key = cacheKey(reading.namespace.name, id);
    if (this.isClosed || this.looked.has(key)) return;
    this.looked.set(key, undefined);
    void this.loader.refresh(reading, id).finally(() => {
      if (this.isClosed) return;
      this.looked.set(key, setTimeout(() => this.looked.delete(key), COOL_DOWN_MS).unref());
    });
  }

  close(): void {
    this.isClosed = true;
    for (const timer of this.looked.values()) clearTimeout(timer);
    this.looked.clear();
  }
}
