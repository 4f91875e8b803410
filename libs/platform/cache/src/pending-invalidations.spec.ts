import { describe, expect, it } from 'vitest';
import { PendingInvalidations } from './pending-invalidations.js';

describe('PendingInvalidations', () => {
  it('gives each key out once, the oldest first, in batches', () => {
    const pending = new PendingInvalidations(10);
    pending.add(['a', 'b', 'a', 'c']);
    expect(pending.take(2)).toEqual({ everything: false, keys: ['a', 'b'] });
    expect(pending.take(2)).toEqual({ everything: false, keys: ['c'] });
    expect(pending.isEmpty).toBe(true);
  });

  it('owes a flush of everything once there are too many', () => {
    const pending = new PendingInvalidations(2);
    pending.add(['a', 'b', 'c']);
    pending.add(['d']);
    expect(pending).toMatchObject({ size: 0, overflowed: true, isEmpty: false });
    expect(pending.take(10)).toEqual({ everything: true, keys: [] });
    expect(pending.isEmpty).toBe(true);
  });

  it('takes back what could not be applied', () => {
    const pending = new PendingInvalidations(2);
    pending.add(['a']);
    const batch = pending.take(10);
    pending.restore(batch);
    expect(pending.take(10)).toEqual(batch);
    pending.restore({ everything: true, keys: [] });
    expect(pending.overflowed).toBe(true);
  });
});
