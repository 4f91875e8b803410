import type { ConnectionCallback } from './lease.js';
import { type AcquireRequest, Waiter } from './waiter.js';

/** Callers who wait for a connection of one node, in the order in which they came. */
export class WaitingLine {
  private waiters: Waiter[] = [];
  private lastServedMs = -Infinity;

  constructor(private readonly onExpiry: (waiter: Waiter) => void) {}

  get length(): number {
    return this.waiters.length;
  }

  /**
   * Whether any caller was served since the first in line came; if not, the node is not busy: it gives no connection.
   */
  get moves(): boolean {
    return this.lastServedMs >= (this.waiters[0]?.sinceMs ?? 0);
  }

  join(request: AcquireRequest, withinMs: number, callback: ConnectionCallback): void {
    this.waiters.push(new Waiter(request, withinMs, callback, this.onExpiry));
  }

  /** Takes the first in line out of it; the pool has a connection for it. */
  serveFirst(): Waiter | undefined {
    const first = this.waiters.shift();
    if (first) this.lastServedMs = performance.now();
    first?.settle();
    return first;
  }

  refuseFirst(error: Error): void {
    this.waiters.shift()?.reject(error);
  }

  refuse(waiter: Waiter, error: Error): void {
    this.waiters = this.waiters.filter((other) => other !== waiter);
    waiter.reject(error);
  }

  dissolve(error: Error): void {
    for (const waiter of this.waiters.splice(0)) waiter.reject(error);
  }
}
