import { describe, expect, it, vi } from 'vitest';
import { withDeadline } from './with-deadline.js';

describe('withDeadline', () => {
  it('passes on a result that comes in time, and leaves no timer behind', async () => {
    vi.useFakeTimers();
    await expect(withDeadline(Promise.resolve(7), 1_000, () => new Error('late'))).resolves.toBe(7);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('rejects with the caller’s error once the deadline has passed', async () => {
    vi.useFakeTimers();
    const outcome = expect(
      withDeadline(new Promise(() => {}), 1_000, () => new Error('late')),
    ).rejects.toThrow('late');
    await vi.advanceTimersByTimeAsync(1_000);
    await outcome;
    vi.useRealTimers();
  });
});
