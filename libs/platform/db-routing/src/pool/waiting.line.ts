import type { ConnectionCallback } from './lease.js';
import { type AcquireRequest, Waiter } from './waiter.js';

/** Callers who wait for a connection of one node, in the order in which they came. */
export class WaitingLine {
  private waiters: Waiter[] = [];
  private lastServedMs = -Infinity;

  /** @param onExpiry told of a caller whose wait is over, and whose request is not */
  constructor(
    private readonly node: string,
    private readonly onExpiry: (waiter: Waiter) => void,
  ) {}

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
    const waiter = new Waiter(request, withinMs, callback, () => {
      const over = this.overdue(waiter);
      if (over) this.refuse(waiter, over);
      else this.onExpiry(waiter);
    });
    this.waiters.push(waiter);
  }

  /**
   * Takes the first in line whose request still waits out of it; the pool has a connection for it. Those before it are told
   * that theirs is over.
   */
  serveFirst(): Waiter | undefined {
    for (;;) {
      const first = this.waiters.shift();
      if (!first) return undefined;
      this.lastServedMs = performance.now();
      const over = this.overdue(first);
      if (over) {
        first.reject(over);
        continue;
      }
      first.settle();
      return first;
    }
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

  private overdue({ request }: Waiter): Error | undefined {
    return request.lease.budget?.failure(performance.now(), `a connection to ${this.node}`);
  }
}
