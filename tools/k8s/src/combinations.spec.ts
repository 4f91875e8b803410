import { describe, expect, it } from 'vitest';
import { allCombinations, pairwiseCombinations } from './combinations.js';

describe('combinations', () => {
  it('are all sets', () => {
    expect(allCombinations(['a', 'b'])).toEqual([[], ['a'], ['b'], ['a', 'b']]);
    expect(allCombinations(['a', 'b', 'c', 'd', 'e'])).toHaveLength(32);
  });

  it('are few sets that show each two names together, apart, and both absent', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const sets = pairwiseCombinations(names);
    expect(sets.length).toBeLessThan(10);
    for (const one of names) {
      for (const other of names.filter((name) => name !== one)) {
        const seen = new Set(sets.map((set) => `${set.includes(one)} ${set.includes(other)}`));
        expect(seen.size, `${one} and ${other}`).toBe(4);
      }
    }
  });
});
