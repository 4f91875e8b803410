import type { Clock } from '@fourfold/kernel';

/** Fewer may be one slow moment. */
const LEAST_FAILURES = 3;

/**
 * When the circuit to Redis opens: commands went unanswered for `stallMs` with no answer between. A busy event loop can
 * let every command of a moment time out although the answers are waiting in the socket, so their number alone says
 * nothing.
 */
export class StallBreaker {
  private failures = 0;
  private firstMs = 0;

  constructor(
    private readonly clock: Clock,
    private readonly stallMs: number,
  ) {}

  /** Since the last success: only then is another one news. */
  get hasFailures(): boolean {
    return this.failures > 0;
  }

  success(): void {
    this.failures = 0;
  }

  /** @returns whether the server is to be given up. */
  failure(): boolean {
    const now = this.clock.now();
    if (this.failures === 0 || now < this.firstMs) this.firstMs = now;
    this.failures += 1;
    return this.failures >= LEAST_FAILURES && now - this.firstMs >= this.stallMs;
  }
}
