import { describe, expect, it } from 'vitest';
import { CacheConfigurationError } from '../cache.errors.js';
import { entryOf, fromCached, isOver, toCached, ttlOptions } from './keyv-entry.js';

describe('an entry', () => {
  it.each([
    ['no TTL', undefined, { value: 'v' }],
    ['a TTL of 0', 0, { value: 'v' }],
    ['a TTL', 5, { value: 'v', expires: 105 }],
  ])('with %s', (_what, ttlMs, expected) => {
    expect(entryOf('v', ttlMs, 100)).toEqual(expected);
  });

  it.each([-1, 0.5, Number.NaN, Infinity])('refuses a TTL of %d', (ttlMs) => {
    expect(() => entryOf('v', ttlMs, 100)).toThrow(CacheConfigurationError);
  });

  it.each([
    ['a value', { value: 'v' }, { value: 'v' }],
    ['a value with an end', { value: 'v', expires: 1 }, { value: 'v', expires: 1 }],
    ['a value with an end that is not set', { value: 'v', expires: undefined as never }, { value: 'v' }],
    ['null, which is the cache’s own absence', { value: null }, null],
    ['undefined, which is as well', { value: undefined }, null],
    ['null with an end', { value: null, expires: 1 }, { value: null, expires: 1 }],
  ])('is cached: %s', (_what, entry, cached) => {
    expect(toCached(entry)).toStrictEqual(cached);
    expect(fromCached(toCached(entry)).value).toBe(entry.value ?? null);
  });

  it('is over at its end, and never without one', () => {
    expect([99, 100, 101].map((now) => isOver({ value: 'v', expires: 100 }, now))).toEqual([
      false,
      true,
      true,
    ]);
    expect(isOver({ value: 'v' }, Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it('is stored for exactly the TTL that was named, absent or not', () => {
    expect(ttlOptions(5)).toEqual({ ttlMs: 5, nilTtlMs: 5, jitter: 0 });
    expect([ttlOptions(0), ttlOptions(undefined)]).toEqual([{}, {}]);
    // Left to the cache to refuse.
    expect(ttlOptions(Number.NaN)).toMatchObject({ ttlMs: Number.NaN });
  });
});
