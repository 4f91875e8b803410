import { describe, expect, it } from 'vitest';
import { cacheKey } from '../cache-key.js';
import { PendingInvalidations } from './pending-invalidations.js';

const users = (count: number) => Array.from({ length: count }, (_, i) => cacheKey('user', String(i)));
const pendingOf = (max: number) => new PendingInvalidations(max);

describe('PendingInvalidations', () => {
  it('gives each target out once, the oldest first, in batches', () => {
    const pending = pendingOf(10);
    pending.add(['a', 'b', 'a', 'c']);
    expect([pending.take(2), pending.take(2)]).toEqual([['a', 'b'], ['c']]);
    expect(pending.size).toBe(0);
  });

  it('gives a flush out after the keys, of which what it flushes may be made', () => {
    const pending = pendingOf(10);
    pending.add(['@page', 'a', 'b']);
    expect([pending.take(2), pending.take(2)]).toEqual([['a', 'b'], ['@page']]);
  });

  it('owes a flush of the namespace with the most keys once there are too many, and keeps the others', () => {
    const pending = pendingOf(10);
    const stock = cacheKey('stock', '1');
    pending.add([stock, ...users(12)]);
    expect(pending.take(99)).toEqual([stock, '@user']);
  });

  it('keeps no key of a namespace whose flush is owed', () => {
    const pending = pendingOf(10);
    pending.add(['@user', ...users(100)]);
    expect(pending.take(99)).toEqual(['@user']);
  });

  it('stays within its bound, whatever comes', () => {
    const pending = pendingOf(10);
    for (let i = 0; i < 1_000; i += 1) {
      pending.add([cacheKey(i % 2 ? 'user' : 'stock', String(i)), `@space-${i % 7}`]);
      expect(pending.size).toBeLessThanOrEqual(19);
    }
  });
});
