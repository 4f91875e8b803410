import { describe, expect, it } from 'vitest';
import { backOffMs } from './back-off.js';

const limits = { retryMs: 500, mostRetryMs: 30_000 };

describe('back-off', () => {
  it.each([
    [1, 500],
    [2, 1_000],
    [3, 2_000],
    [6, 16_000],
    [7, 30_000],
    [2_000, 30_000],
  ])('after %i failures is at most %i ms, and at least half of that', (failures, most) => {
    expect(backOffMs(failures, limits, () => 0)).toBe(most);
    expect(backOffMs(failures, limits, () => 1)).toBe(most / 2);
  });
});
