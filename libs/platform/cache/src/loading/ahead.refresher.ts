import { cacheKey, type CacheKey } from '../cache-key.js';
import type { LeasedLoader } from './leased-loader.js';
import { MOST_AT_ONCE, type Reading } from './reading.js';

/** After a look at whether to refresh, this process leaves the key alone for so long, whatever came of it. */
const COOL_DOWN_MS = 1_000;

/**
 * Loads values anew shortly before their end, behind the callers' backs: one look a key at a time in this process. What
 * one call has found near its end is loaded together.
 */
export class AheadRefresher {
  private readonly looked = new Set<CacheKey>();
  private readonly gathered = new Map<Reading, string[]>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private isClosed = false;

  constructor(private readonly loader: LeasedLoader) {}

  trigger(reading: Reading, id: string): void {
    const key = cacheKey(reading.namespace.name, id);
    if (this.isClosed || this.looked.has(key)) return;
    this.looked.add(key);
    const ids = this.gathered.get(reading);
    if (ids) ids.push(id);
    else {
      this.gathered.set(reading, [id]);
      setImmediate(() => this.refresh(reading));
    }
  }

  close(): void {
    this.isClosed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.looked.clear();
  }

  private refresh(reading: Reading): void {
    const ids = this.gathered.get(reading)!;
    this.gathered.delete(reading);
    for (let from = 0; from < ids.length && !this.isClosed; from += MOST_AT_ONCE) {
      const batch = ids.slice(from, from + MOST_AT_ONCE);
      void this.loader.refresh(reading, batch).finally(() => this.coolDown(reading, batch));
    }
  }

  private coolDown({ namespace }: Reading, ids: readonly string[]): void {
    if (this.isClosed) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      for (const id of ids) this.looked.delete(cacheKey(namespace.name, id));
    }, COOL_DOWN_MS).unref();
    this.timers.add(timer);
  }
}
