import { LRUCache } from 'lru-cache';
import type { Clock } from '@fourfold/kernel';
import type { CacheKey } from '../cache-key.js';
import type { CachedValue } from '../serializing/serializer.js';

/** The state of a key at the moment a read began; a write with an outdated permit is refused. */
export type FillPermit = number;

/** One namespace's entries by id, so that a read does not have to build a key. */
export type L1Shelf = Map<string, L1Entry>;

/** See `L1Store`. */
export type L1State = 'suspended' | 'serving' | 'alone';

export interface L1Lifetime {
  /** Served until then, Unix ms. */
  readonly expiresMs: number;
  /** From this time on a read starts a new load of the value, Unix ms. `Infinity`: never. */
  readonly refreshAtMs: number;
}

export interface L1Entry extends L1Lifetime {
  readonly cached: CachedValue;
  readonly key: CacheKey;
  readonly id: string;
  readonly shelf: L1Shelf;
  readonly storedMs: number;
  /** Key, value and overhead. */
  readonly bytes: number;
  /** When it was last moved to the front. */
  touchedMs: number;
}

/** lru-cache's list links and map slots (ours too), our entry object, string headers: measured at about 300 bytes. */
const ENTRY_OVERHEAD_BYTES = 320;
/** More stripes refuse fewer innocent fills; 16,384 × 8 bytes is 128 KiB. */
const STRIPES = 16_384;
/** An entry that was moved to the front so recently stays where it is: the order is right to this much. */
const TOUCH_MS = 1_000;
/** So many at most are served and not counted yet. */
const MOST_UNRANKED = 100;
/** The share of the bytes for ids known to be absent, so that requests for them can't evict values. */
const ABSENT_SHARE = 1 / 16;

/**
 * The cache inside this process, bounded in bytes, least recently used out first; absence has a small share of its own.
 *
 * States: `suspended` (nothing served, nothing stored; the start) ⇄ `serving` (invalidations of other processes are
 * heard) ⇄ `alone` (Redis is away for everything: what is loaded meanwhile is kept for a moment). Each change of state
 * empties it and voids all permits.
 *
 * Epochs are counted by stripe of the hash of a key and not one by one, so they need no clean-up: two that share
 * a stripe can only refuse each other's fill, never permit one.
 */
export class L1Store {
  private readonly present: LRUCache<CacheKey, L1Entry>;
  private readonly absent: LRUCache<CacheKey, L1Entry>;
  private readonly epochs = new Float64Array(STRIPES);
  private readonly shelfEpochs = new Map<L1Shelf, number>();
  /** In their shelves, and not counted yet. */
  private readonly unranked: L1Entry[] = [];
  private globalEpoch = 0;
  private current: L1State = 'suspended';
  private evicted = 0;

  constructor(
    readonly maxBytes: number,
    private readonly clock: Clock,
  ) {
    const absentBytes = Math.max(1, Math.floor(maxBytes * ABSENT_SHARE));
    this.absent = this.list(absentBytes);
    this.present = this.list(Math.max(1, maxBytes - absentBytes));
  }

  get state(): L1State {
    return this.current;
  }

  /** Entries pushed out to stay within the bound. */
  get evictions(): number {
    return this.evicted;
  }

  get bytes(): number {
    this.rank();
    return this.present.calculatedSize + this.absent.calculatedSize;
  }

  get size(): number {
    this.rank();
    return this.present.size + this.absent.size;
  }

  /** @param nowMs what the clock says: the caller needs it too, and asking costs as much as the rest. */
  get(shelf: L1Shelf, id: string, nowMs: number): L1Entry | undefined {
    const entry = shelf.get(id);
    if (entry === undefined) return undefined;
    // Before `storedMs` the clock has stepped back: how long the entry has left is then unknown.
    if (nowMs < entry.expiresMs && nowMs >= entry.storedMs) {
      if (nowMs - entry.touchedMs > TOUCH_MS) {
        entry.touchedMs = nowMs;
        this.listOf(entry).get(entry.key);
      }
      return entry;
    }
    this.drop(entry.key);
    return undefined;
  }

  /** To be taken before the value is read from wherever it comes from. */
  permit(shelf: L1Shelf, key: CacheKey): FillPermit {
    return this.globalEpoch + (this.shelfEpochs.get(shelf) ?? 0) + this.epochs[stripeOf(key)]!;
  }

  /** All parts only grow, so an equal sum means that none has moved. */
  isCurrent(shelf: L1Shelf, key: CacheKey, permit: FillPermit): boolean {
    return this.permit(shelf, key) === permit;
  }

  /** Stores unless the key or its shelf was invalidated since `permit`. A value too big is not kept. */
  put(
    shelf: L1Shelf,
    id: string,
    key: CacheKey,
    cached: CachedValue,
    { expiresMs, refreshAtMs }: L1Lifetime,
    permit: FillPermit,
  ): void {
    const storedMs = this.clock.now();
    if (this.current === 'suspended' || expiresMs <= storedMs || !this.isCurrent(shelf, key, permit)) return;
    const bytes = ENTRY_OVERHEAD_BYTES + (key.length + id.length) * 2 + cached.heapBytes;
    if (bytes > this.listOf({ cached }).maxSize) {
      this.drop(key);
      return;
    }
    const entry = {
      cached,
      key,
      id,
      shelf,
      storedMs,
      expiresMs,
      refreshAtMs,
      bytes,
      touchedMs: storedMs,
    };
    shelf.set(id, entry);
    if (this.unranked.push(entry) === 1) setImmediate(() => this.rank());
    else if (this.unranked.length >= MOST_UNRANKED) this.rank();
  }

  /** Drops the key and voids every permit for it. */
  invalidate(key: CacheKey): void {
    this.epochs[stripeOf(key)]! += 1;
    this.drop(key);
  }

  /** Drops a namespace and voids every permit for it. */
  invalidateShelf(shelf: L1Shelf): void {
    this.shelfEpochs.set(shelf, (this.shelfEpochs.get(shelf) ?? 0) + 1);
    this.rank();
    for (const entry of [...shelf.values()]) this.listOf(entry).delete(entry.key);
  }

  /** Drops everything and voids all permits. */
  clear(): void {
    this.globalEpoch += 1;
    this.rank();
    this.present.clear();
    this.absent.clear();
  }

  /** Empties it, also when the state stays. */
  become(state: L1State): void {
    this.current = state;
    this.clear();
  }

  private drop(key: CacheKey): void {
    this.rank();
    this.present.delete(key);
    this.absent.delete(key);
  }

  private list(maxSize: number): LRUCache<CacheKey, L1Entry> {
    return new LRUCache<CacheKey, L1Entry>({
      maxSize,
      sizeCalculation: ({ bytes }) => bytes,
      dispose: (entry, _key, reason) => {
        if (reason === 'evict') this.evicted += 1;
        if (entry.shelf.get(entry.id) === entry) entry.shelf.delete(entry.id);
      },
    });
  }

  private listOf({ cached }: Pick<L1Entry, 'cached'>): LRUCache<CacheKey, L1Entry> {
    return cached.value === null ? this.absent : this.present;
  }

  /**
   * Counts what was put since, and pushes out what is too much. It is done behind the answer that it came with, at the
   * end of the turn of the event loop: while Redis works on the next one.
   */
  private rank(): void {
    if (this.unranked.length === 0) return;
    for (const entry of this.unranked) {
      if (entry.shelf.get(entry.id) !== entry) continue;
      const list = this.listOf(entry);
      (list === this.present ? this.absent : this.present).delete(entry.key);
      list.set(entry.key, entry);
      // Replacing an older entry of the key may have taken the place in the shelf away.
      entry.shelf.set(entry.id, entry);
    }
    this.unranked.length = 0;
  }
}

/** FNV-1a, 32 bits. */
function stripeOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % STRIPES;
}
