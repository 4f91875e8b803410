import { setTimeout as pause } from 'node:timers/promises';

/** Asks `probe` every `everyMs` until it is true; false once `deadlineMs` have passed. */
export async function poll(
  probe: () => boolean | Promise<boolean>,
  { deadlineMs, everyMs = 25 }: { deadlineMs: number; everyMs?: number },
): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  while (!(await probe())) {
    if (performance.now() >= end) return false;
    await pause(everyMs);
  }
  return true;
}
