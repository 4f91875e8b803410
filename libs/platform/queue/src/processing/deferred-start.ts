/** Long beside what a quick job takes, and short beside any limit or lock. */
const MOMENT_MS = 20;

/**
 * Starts what only jobs need that take a while. Most are over within milliseconds, and three timers of each would cost
 * as much as all else that is done for them: so those that run at all share one, and the rest are armed when it fires.
 */
export class DeferredStart {
  private readonly waiting = new Set<() => void>();
  private timer: NodeJS.Timeout | undefined;

  /** Calls `start` in a moment. @returns what takes that back */
  of(start: () => void): () => void {
    this.waiting.add(start);
    this.timer ??= setTimeout(() => this.startAll(), MOMENT_MS);
    return () => this.waiting.delete(start);
  }

  private startAll(): void {
    this.timer = undefined;
    const due = [...this.waiting];
    this.waiting.clear();
    for (const start of due) start();
  }
}
