import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrequentKeys } from './frequent-keys.js';

/** Streams in which some keys are frequent and most are not. */
const anyStream = fc.array(
  fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.integer({ max: 60, min: 0 }).map(String)),
  {
    maxLength: 500,
  },
);

function frequencies(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

describe('FrequentKeys', () => {
  it('counts no key too high, and none lower than by its share of the stream', () => {
    fc.assert(
      fc.property(anyStream, fc.integer({ min: 1, max: 20 }), (keys, counters) => {
        const frequent = new FrequentKeys(counters);
        for (const key of keys) frequent.add(key);
        const found = new Map(frequent.counts);
        expect(frequent.total).toBe(keys.length);
        expect(found.size).toBeLessThanOrEqual(counters);
        for (const [key, times] of frequencies(keys)) {
          const count = found.get(key) ?? 0;
          expect(count).toBeLessThanOrEqual(times);
          expect(times - count).toBeLessThanOrEqual(keys.length / (counters + 1));
        }
      }),
    );
  });

  it('gives the most frequent first, exactly while there is a counter for each', () => {
    const frequent = new FrequentKeys(3);
    for (const key of ['a', 'b', 'b', 'c', 'b', 'c']) frequent.add(key);
    expect(frequent.counts).toEqual([
      ['b', 3],
      ['c', 2],
      ['a', 1],
    ]);
  });
});
