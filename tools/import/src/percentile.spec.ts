import { describe, expect, it } from 'vitest';
import { percentile } from './percentile.js';

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
  it.each([
    ['the median of an odd count', [30, 10, 20], 50, 20],
    ['the lower middle of an even count', [40, 10, 30, 20], 50, 20],
    ['the 99th of a hundred', hundred, 99, 99],
    ['the largest at 100%', hundred, 100, 100],
    ['the smallest at 0%', hundred, 0, 1],
    ['the only one', [7], 99, 7],
  ])('gives %s', (_name, values, percent, expected) => {
    expect(percentile(values, percent)).toBe(expected);
  });

  it('gives nothing for no values, and leaves the values in their order', () => {
    expect(percentile([], 99)).toBeUndefined();
    const values = [3, 1, 2];
    percentile(values, 50);
    expect(values).toEqual([3, 1, 2]);
  });
});
