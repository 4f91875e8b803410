import { setTimeout as pause } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Default 25,000. */
  readonly deadlineMs?: number;
  /** Default 25. */
  readonly everyMs?: number;
}

/**
 * Runs `check` until it neither throws nor gives `false`, and passes on what it gave.
 * @throws what the last attempt threw, once `deadlineMs` have passed.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { deadlineMs = 25_000, everyMs = 25 }: EventuallyOptions = {},
): Promise<Exclude<T, false>> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    try {
      const result = await check();
      if (result !== false) return result as Exclude<T, false>;
      if (performance.now() >= end)
        throw new Error(`Still false after ${deadlineMs} ms: ${check.toString()}`);
    } catch (error) {
      if (performance.now() >= end) throw error;
    }
    await pause(everyMs);
  }
}
