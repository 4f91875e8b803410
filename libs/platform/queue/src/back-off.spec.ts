import { describe, expect, it } from 'vitest';
import { fullJitterBackOff } from './back-off.js';

describe('fullJitterBackOff', () => {
  it.each([
    [1, 0, 0],
    [1, 0.5, 1_000],
    [3, 0.5, 4_000],
    [9, 0.999_999, 511_999],
    [10, 0.999_999, 599_999],
    [50, 0.5, 300_000],
  ])('after %i failed attempts and a draw of %f it waits %i ms', (attempts, draw, expected) => {
    expect(fullJitterBackOff(attempts, { baseMs: 1_000, capMs: 600_000 }, () => draw)).toBe(expected);
  });
});
