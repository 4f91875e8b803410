import { describe, expect, it } from 'vitest';
import { equalJitterBackOff } from './back-off.js';

describe('equalJitterBackOff', () => {
  it.each([
    [1, 0, 1_000],
    [1, 0.5, 1_500],
    [3, 0.5, 6_000],
    [9, 0.999_999, 511_999],
    [10, 0.999_999, 599_999],
    [50, 0, 300_000],
  ])('after %i failed attempts and a draw of %f it waits %i ms', (attempts, draw, expected) => {
    expect(equalJitterBackOff(attempts, { baseMs: 1_000, capMs: 600_000 }, () => draw)).toBe(expected);
  });

  it('spends four attempts in no less than 7 s, whatever is drawn', () => {
    const waits = [1, 2, 3].map((attempts) =>
      equalJitterBackOff(attempts, { baseMs: 1_000, capMs: 600_000 }, () => 0),
    );
    expect(waits).toEqual([1_000, 2_000, 4_000]);
  });
});
