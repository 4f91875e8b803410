import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { loopTimeout } from './loop-timeout.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('expires when its time has passed, and not when it was ended before', () => {
  const expire = vi.fn();
  const ended = vi.fn();
  loopTimeout(expire, 500);
  const end = loopTimeout(ended, 500);
  vi.advanceTimersByTime(499);
  expect(expire).not.toHaveBeenCalled();
  end();
  vi.advanceTimersByTime(1);
  expect(expire).toHaveBeenCalledOnce();
  expect(ended).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
