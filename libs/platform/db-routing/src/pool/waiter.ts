import type { ConnectionCallback, Lease } from './lease.js';
import { loopTimeout } from './loop-timeout.js';

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
  private endWait: () => void;
  private patient = false;

  constructor(
    readonly request: AcquireRequest,
    readonly withinMs: number,
    readonly callback: ConnectionCallback,
    private readonly onExpiry: () => void,
  ) {
    this.endWait = this.expireIn(Math.min(withinMs, request.patienceMs ?? withinMs));
  }

  /** @returns whether there is time left to wait on. */
  waitOn(): boolean {
    const leftMs = this.sinceMs + this.withinMs - performance.now();
    if (this.patient || leftMs <= 0) return false;
    this.patient = true;
    this.endWait = this.expireIn(leftMs);
    return true;
  }

  settle(): void {
    this.endWait();
  }

  reject(error: Error): void {
    this.settle();
    this.callback(error);
  }

  private expireIn(ms: number): () => void {
    return loopTimeout(this.onExpiry, ms);
  }
}
