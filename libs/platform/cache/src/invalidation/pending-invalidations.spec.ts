import { describe, expect, it } from 'vitest';
import { cacheKey } from '../cache-key.js';
import { InvalidationMessages } from './invalidation-messages.js';
import { PendingInvalidations } from './pending-invalidations.js';

const users = (count: number) => Array.from({ length: count }, (_, i) => cacheKey('user', String(i)));
const pendingOf = (max: number) =>
  new PendingInvalidations(new InvalidationMessages('us'), ['user', 'stock'], max);

describe('PendingInvalidations', () => {
  it('gives each target out once, the oldest first, in batches', () => {
    const pending = pendingOf(10);
    pending.add(['a', 'b', 'a', 'c']);
    expect([pending.take(2), pending.take(2)]).toEqual([['a', 'b'], ['c']]);
    expect(pending.isEmpty).toBe(true);
  });

  it('owes a flush of the namespace with the most keys once there are too many, and keeps the others', () => {
    const pending = pendingOf(10);
    const stock = cacheKey('stock', '1');
    pending.add([stock, ...users(12)]);
    expect(pending.take(99)).toEqual(['@user', stock]);
  });

  it('keeps no key of a namespace whose flush is owed', () => {
    const pending = pendingOf(10);
    pending.add(['@user', ...users(100)]);
    expect(pending.take(99)).toEqual(['@user']);
  });

  it('owes all namespaces when it is tags that are too many', () => {
    const pending = pendingOf(2);
    pending.add(['#a', '#b', '#c', '#d', '#e']);
    expect(pending.take(99)).toEqual(['@user', '@stock']);
  });

  it('stays within its bound, whatever comes', () => {
    const pending = pendingOf(10);
    for (let i = 0; i < 1_000; i += 1) {
      pending.add([cacheKey(i % 2 ? 'user' : 'stock', String(i)), `#tag-${i % 7}`]);
      expect(pending.size).toBeLessThanOrEqual(12);
    }
  });
});
