import { ManualClock } from '@fourfold/kernel';
import { describe, expect, it } from 'vitest';
import { StallDetector } from './stall-detector.js';

const timeout = new Error('Command timed out');

describe('StallDetector', () => {
  it('finds a stall when timeouts span the time with no answer between', () => {
    const clock = new ManualClock();
    const stalls = new StallDetector(clock, 750);
    expect(stalls.failed(timeout)).toBe(false);
    clock.advance(750);
    expect(stalls.failed(timeout)).toBe(true);
  });

  it('takes many timeouts at one moment for a busy process', () => {
    const stalls = new StallDetector(new ManualClock(), 750);
    expect(Array.from({ length: 50 }, () => stalls.failed(timeout))).not.toContain(true);
  });

  it('starts anew after an answer, and ignores errors that are answers', () => {
    const clock = new ManualClock();
    const stalls = new StallDetector(clock, 750);
    stalls.failed(timeout);
    clock.advance(750);
    stalls.answered();
    expect(stalls.failed(timeout)).toBe(false);
    expect(stalls.failed(new Error('OOM command not allowed'))).toBe(false);
  });
});
