import { describe, expect, it } from 'vitest';
import { HitEstimate } from './hit-estimate.js';

describe('HitEstimate', () => {
  it('expects hits until three reads in a row have missed', () => {
    const estimate = new HitEstimate();
    for (const expected of [true, true, false]) {
      estimate.note(false);
      expect(estimate.isLikely).toBe(expected);
    }
  });

  it('expects hits again after a run of them, and takes one miss in twenty for nothing', () => {
    const estimate = new HitEstimate();
    for (let i = 0; i < 100; i += 1) estimate.note(false);
    for (let i = 0; i < 40; i += 1) estimate.note(true);
    expect(estimate.isLikely).toBe(true);
    for (let i = 0; i < 200; i += 1) {
      estimate.note(i % 20 !== 0);
      expect(estimate.isLikely).toBe(true);
    }
  });
});
