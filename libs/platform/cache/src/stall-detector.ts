import type { Clock } from '@fourfold/kernel';

/**
 * Tells a server that hangs from one slow answer. A busy event loop can let every command of a moment time out although
 * the answers are waiting in the socket, so the verdict needs timeouts over a span with no answer between.
 */
export class StallDetector {
  private firstTimeoutMs: number | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly stallAfterMs: number,
  ) {}

  answered(): void {
    this.firstTimeoutMs = undefined;
  }

  /** @returns whether the connection should be dropped: from then on calls fail at once and not after a timeout each. */
  failed(error: unknown): boolean {
    if (!(error instanceof Error) || !/timed out/i.test(error.message)) return false;
    const now = this.clock.now();
    this.firstTimeoutMs ??= now;
    if (Math.abs(now - this.firstTimeoutMs) < this.stallAfterMs) return false;
    this.firstTimeoutMs = undefined;
    return true;
  }
}
