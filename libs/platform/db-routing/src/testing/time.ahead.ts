import { vi } from 'vitest';

/** Puts `performance.now()` forward at the test's word; `vi.restoreAllMocks()` ends it. Not while something polls with a deadline. */
export function timeAhead(): { by(ms: number): void } {
  const now = performance.now.bind(performance);
  let aheadMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
  return { by: (ms) => void (aheadMs += ms) };
}
