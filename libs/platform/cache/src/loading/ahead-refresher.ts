import { cacheKey, type CacheKey } from '../cache-key.js';
import { MOST_AT_ONCE, type Reading } from './reading.js';

/** After a look at whether to refresh, this process leaves the key alone for so long, whatever came of it. */
const COOL_DOWN_MS = 1_000;

/**
 * Has values loaded anew shortly before their end, behind the callers' backs: one look a key at a time in this process.
 * What one call has found near its end is loaded together.
 */
export class AheadRefresher {
  private readonly looked = new Set<CacheKey>();
  private readonly gathered = new Map<Reading, string[]>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private isClosed = false;

  /** @param refresh never rejects */
  constructor(private readonly refresh: (reading: Reading, ids: readonly string[]) => Promise<void>) {}

  trigger(reading: Reading, id: string): void {
    const key = cacheKey(reading.namespace.name, id);
    if (this.isClosed || !reading.refreshes || this.looked.has(key)) return;
    this.looked.add(key);
    const ids = this.gathered.get(reading);
    if (ids) ids.push(id);
    else {
      this.gathered.set(reading, [id]);
      setImmediate(() => this.refreshGathered(reading));
    }
  }

  close(): void {
    this.isClosed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.looked.clear();
  }

  private refreshGathered(reading: Reading): void {
    const ids = this.gathered.get(reading)!;
    this.gathered.delete(reading);
    for (let from = 0; from < ids.length && !this.isClosed; from += MOST_AT_ONCE) {
      const batch = ids.slice(from, from + MOST_AT_ONCE);
      void this.refresh(reading, batch).finally(() => this.coolDown(reading, batch));
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
