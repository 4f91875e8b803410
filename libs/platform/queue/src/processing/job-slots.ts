import type { PriorityClass } from '../queue.definition.js';

const order = ['high', 'normal', 'low'] as const satisfies readonly PriorityClass[];

/** Who asks for a slot, and may stop waiting. */
export interface SlotSeeker {
  readonly isAborted: boolean;
  /** Looked at only where there is no slot at once: to make one costs as much as half a quick job's way. */
  readonly signal: AbortSignal;
}

/**
 * The jobs that one process runs at once, over all its queues: they share its event loop and its database connections.
 * When all slots are taken, a free one goes to the highest class that waits, first come first served within it. A class
 * that never gets one while higher ones wait is meant so: scale out then.
 */
export class JobSlots {
  private readonly waiting: Record<PriorityClass, (() => void)[]> = { high: [], normal: [], low: [] };
  private taken = 0;

  constructor(private readonly slots: number) {}

  /** @returns once the caller has a slot; `undefined` when the seeker was aborted before that. The slot must be released. */
  async acquire(priority: PriorityClass, seeker: SlotSeeker): Promise<(() => void) | undefined> {
    if (seeker.isAborted) return undefined;
    if (this.taken < this.slots) this.taken += 1;
    else if (!(await this.turn(priority, seeker.signal))) return undefined;
    let held = true;
    return () => {
      if (held) this.passOn();
      held = false;
    };
  }

  private turn(priority: PriorityClass, signal: AbortSignal): Promise<boolean> {
    const line = this.waiting[priority];
    return new Promise((resolve) => {
      const called = () => {
        signal.removeEventListener('abort', left);
        resolve(true);
      };
      const left = () => {
        line.splice(line.indexOf(called), 1);
        resolve(false);
      };
      signal.addEventListener('abort', left, { once: true });
      line.push(called);
    });
  }

  private passOn(): void {
    const next = order.map((priority) => this.waiting[priority]).find((line) => line.length > 0);
    if (next) next.shift()!();
    else this.taken -= 1;
  }
}
