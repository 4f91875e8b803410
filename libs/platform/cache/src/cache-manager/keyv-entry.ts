import { CacheConfigurationError } from '../cache.errors.js';

/** What Keyv gives its store when it does not serialise, and what is cached: the value, and until when it is good. */
export interface KeyvEntry {
  readonly value: unknown;
  /** Unix ms. */
  readonly expires?: number;
}

/**
 * @param ttlMs undefined or 0: no end but the namespace's.
 * @throws CacheConfigurationError
 */
export function entryOf(value: unknown, ttlMs: number | undefined, nowMs: number): KeyvEntry {
  if (ttlMs === undefined || ttlMs === 0) return { value };
  if (!Number.isInteger(ttlMs) || ttlMs < 0) {
    throw new CacheConfigurationError([`ttl must be a whole number of milliseconds, not ${ttlMs}`]);
  }
  return { value, expires: nowMs + ttlMs };
}

/** What goes into the cache. An absence without an end of its own is the cache's own kind, with its own TTL. */
export function toCached({ value, expires }: KeyvEntry): KeyvEntry | null {
  if (expires !== undefined) return { value: value ?? null, expires };
  return value === null || value === undefined ? null : { value };
}

export function fromCached(cached: KeyvEntry | null): KeyvEntry {
  return cached ?? { value: null };
}

export function isOver({ expires }: KeyvEntry, nowMs: number): boolean {
  return expires !== undefined && expires <= nowMs;
}

export interface ExplicitTtl {
  readonly ttlMs?: number;
  readonly nilTtlMs?: number;
  readonly jitter?: number;
}

/** A TTL that the caller has named is an upper bound: not spread. 0 and undefined name none. */
export function ttlOptions(ttlMs: number | undefined): ExplicitTtl {
  return ttlMs === undefined || ttlMs === 0 ? {} : { ttlMs, nilTtlMs: ttlMs, jitter: 0 };
}
