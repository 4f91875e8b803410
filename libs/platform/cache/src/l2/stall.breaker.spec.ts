import { ManualClock } from '@fourfold/kernel';
import { describe, expect, it } from 'vitest';
import { StallBreaker } from './stall.breaker.js';

describe('StallBreaker', () => {
  it('opens when three commands go unanswered over the span with no answer between', () => {
    const clock = new ManualClock();
    const breaker = new StallBreaker(clock, 250);
    expect([breaker.failure(), breaker.failure()]).toEqual([false, false]);
    clock.advance(249);
    expect(breaker.failure()).toBe(false);
    clock.advance(1);
    expect(breaker.failure()).toBe(true);
  });

  it('takes many timeouts at one moment for a busy process', () => {
    const breaker = new StallBreaker(new ManualClock(), 250);
    expect(Array.from({ length: 50 }, () => breaker.failure())).not.toContain(true);
  });

  it('starts anew after an answer', () => {
    const clock = new ManualClock();
    const breaker = new StallBreaker(clock, 250);
    breaker.failure();
    breaker.failure();
    clock.advance(250);
    breaker.success();
    expect(breaker.failure()).toBe(false);
  });

  it('is not opened by a clock that steps back', () => {
    const clock = new ManualClock(1_000_000);
    const breaker = new StallBreaker(clock, 250);
    breaker.failure();
    clock.advance(-10_000);
    expect([breaker.failure(), breaker.failure()]).toEqual([false, false]);
    clock.advance(250);
    expect(breaker.failure()).toBe(true);
  });
});
