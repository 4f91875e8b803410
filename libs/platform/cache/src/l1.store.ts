import { LRUCache } from 'lru-cache';
import type { Clock } from '@fourfold/kernel';
import type { CacheKey } from './cache-key.js';
import type { CachedValue } from './serializer.js';

/** The state of a key at the moment a read began; a write with an outdated permit is refused. */
export type FillPermit = number;

interface Entry {
  readonly cached: CachedValue;
  readonly storedMs: number;
  readonly expiresMs: number;
}

/** lru-cache's list links and map slot, our entry object, string headers: measured at about 200 bytes, rounded up. */
const ENTRY_OVERHEAD_BYTES = 256;
/** More stripes refuse fewer innocent fills; 16,384 × 8 bytes is 128 KiB. */
const STRIPES = 16_384;

/**
 * The cache inside this process, bounded in bytes, least recently used out first.
 *
 * States: `suspended` (nothing served, nothing stored; the start) ⇄ `serving`. It is suspended while invalidations of
 * other processes cannot be heard; each change of state empties it and voids all permits.
 *
 * Epochs are counted by stripe of the key's hash and not by key, so they need no clean-up: two keys that share a stripe
 * can only refuse each other's fill, never permit one.
 */
export class L1Store {
  private readonly entries: LRUCache<CacheKey, Entry>;
  private readonly epochs = new Float64Array(STRIPES);
  private globalEpoch = 0;
  private isServing = false;
  /** Entries pushed out to stay within the bound. */
  evictions = 0;

  constructor(
    readonly maxBytes: number,
    private readonly clock: Clock,
  ) {
    this.entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (entry, key) => ENTRY_OVERHEAD_BYTES + key.length * 2 + entry.cached.heapBytes,
      dispose: (_entry, _key, reason) => {
        if (reason === 'evict') this.evictions += 1;
      },
    });
  }

  get serving(): boolean {
    return this.isServing;
  }

  get bytes(): number {
    return this.entries.calculatedSize;
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: CacheKey): CachedValue | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.clock.now();
    // Before `storedMs` the clock has stepped back: how long the entry has left is then unknown.
    if (now < entry.expiresMs && now >= entry.storedMs) return entry.cached;
    this.entries.delete(key);
    return undefined;
  }

  /** To be taken before the value is read from wherever it comes from. */
  permit(key: CacheKey): FillPermit {
    return this.globalEpoch + (this.epochs[stripeOf(key)] ?? 0);
  }

  /** Both parts only grow, so an equal sum means that neither has moved. */
  isCurrent(key: CacheKey, permit: FillPermit): boolean {
    return this.permit(key) === permit;
  }

  /** Stores until `expiresMs` (Unix ms) unless the key was invalidated since `permit`. A value too big is not kept. */
  put(key: CacheKey, cached: CachedValue, expiresMs: number, permit: FillPermit): void {
    const storedMs = this.clock.now();
    if (!this.isServing || expiresMs <= storedMs || !this.isCurrent(key, permit)) return;
    this.entries.set(key, { cached, storedMs, expiresMs });
  }

  /** Drops the key and voids every permit for it. */
  invalidate(key: CacheKey): void {
    this.epochs[stripeOf(key)]! += 1;
    this.entries.delete(key);
  }

  /** Drops everything and voids all permits. */
  clear(): void {
    this.globalEpoch += 1;
    this.entries.clear();
  }

  suspend(): void {
    this.isServing = false;
    this.clear();
  }

  resume(): void {
    this.clear();
    this.isServing = true;
  }
}

/** FNV-1a, 32 bits. */
function stripeOf(key: CacheKey): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % STRIPES;
}
