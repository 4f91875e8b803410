import { describe, expect, it } from 'vitest';
import { fullJitterMs, retryAfterMs } from './retry.policy.js';

describe('back-off', () => {
  it.each([
    [1, 100],
    [2, 200],
    [5, 1_600],
    [7, 5_000],
    [60, 5_000],
  ])('after try %d waits anything up to %d ms', (attempt, longest) => {
    expect(fullJitterMs(attempt, 0, () => 0)).toBe(0);
    expect(fullJitterMs(attempt, 0, () => 1)).toBe(longest);
  });

  it('never waits less than the server asked for', () => {
    expect(fullJitterMs(1, 2_000, () => 0)).toBe(2_000);
    expect(fullJitterMs(1, 2_000, () => 1)).toBe(2_100);
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-11-22T10:00:00Z');
  it.each([
    ['is nothing when missing', null, 0],
    ['may be seconds', '3', 3_000],
    ['may be a date', 'Sun, 22 Nov 2026 10:00:02 GMT', 2_000],
    ['is nothing when past', 'Sun, 22 Nov 2026 09:00:00 GMT', 0],
    ['is nothing when it is neither', 'soon', 0],
    ['is capped at a minute', '86400', 60_000],
  ])('%s', (_name, header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});
