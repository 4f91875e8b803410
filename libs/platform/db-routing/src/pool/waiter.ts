import type { ConnectionCallback, Lease } from './lease.js';

export interface AcquireRequest {
  lease: Lease;
  /** Default: the pool's own deadline. */
  withinMs?: number;
  /** Not a connection that was merely fine when it was last used: it has to answer first. */
  verified?: boolean;
  /** After this long without a sign of a connection the node is given up, so that another can be tried in time. */
  patienceMs?: number;
}

/** A caller in a pool's line. */
export class Waiter {
  readonly sinceMs = performance.now();
  private timer: NodeJS.Timeout;
  private patient = false;

  constructor(
    readonly request: AcquireRequest,
    readonly withinMs: number,
    readonly callback: ConnectionCallback,
    private readonly onExpiry: (waiter: Waiter) => void,
  ) {
    this.timer = this.expireIn(Math.min(withinMs, request.patienceMs ?? withinMs));
  }

  /** @returns whether there is time left to wait on. */
  waitOn(): boolean {
    const leftMs = this.sinceMs + this.withinMs - performance.now();
    if (this.patient || leftMs <= 0) return false;
    this.patient = true;
    this.timer = this.expireIn(leftMs);
    return true;
  }

  settle(): void {
    clearTimeout(this.timer);
  }

  reject(error: Error): void {
    this.settle();
    this.callback(error);
  }

  private expireIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.onExpiry(this), ms);
  }
}
