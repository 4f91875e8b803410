import { describe, expect, it } from 'vitest';
import { jitteredTtlMs } from './jittered-ttl.js';

describe('jitteredTtlMs', () => {
  it.each([
    [1_000, 0, 900],
    [1_000, 0.5, 1_000],
    [1_000, 0.999_999, 1_100],
    [333, 0.123, 308],
    [1, 0, 1],
  ])('makes %i ms with a draw of %d to %i ms', (ttlMs, draw, expected) => {
    expect(jitteredTtlMs(ttlMs, 0.1, () => draw)).toBe(expected);
  });
});
