import type { PriorityClass } from '../queue-definition.js';

const order = ['high', 'normal', 'low'] as const satisfies readonly PriorityClass[];

/** Gives a slot back; once, however often it is called. */
export type Release = () => void;

/**
 * The jobs that one process runs at once, over all its queues: they share its event loop and its database connections.
 * When all slots are taken, a free one goes to the highest class that waits, first come first served within it. A class
 * that never gets one while higher ones wait is meant so: scale out then.
 */
export class JobSlots {
  private readonly waiting: Record<PriorityClass, (() => void)[]> = { high: [], normal: [], low: [] };
  private taken = 0;

  constructor(private readonly slots: number) {}

  /** @returns a slot, if one is free now */
  take(): Release | undefined {
    if (this.taken >= this.slots) return undefined;
    this.taken += 1;
    return this.release();
  }

  /** Waits for a slot where none is free. @throws the signal's reason when it is aborted before that */
  wait(priority: PriorityClass, signal: AbortSignal): Promise<Release> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    const line = this.waiting[priority];
    return new Promise((resolve, reject) => {
      const called = () => {
        signal.removeEventListener('abort', left);
        resolve(this.release());
      };
      const left = () => {
        line.splice(line.indexOf(called), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', left, { once: true });
      line.push(called);
    });
  }

  private release(): Release {
    let held = true;
    return () => {
      if (held) this.passOn();
      held = false;
    };
  }

  private passOn(): void {
    const next = order.map((priority) => this.waiting[priority]).find((line) => line.length > 0);
    if (next) next.shift()!();
    else this.taken -= 1;
  }
}
