import { setTimeout as pause } from 'node:timers/promises';

export interface StallWatchOptions {
  /** How often it beats. */
  everyMs: number;
  /** A beat that comes so late was held up. */
  lateMs: number;
}

/**
 * Notes when a process was kept from working, by a busy machine or by itself: what a call seems to take then says
 * nothing about what it waits for.
 */
export class StallWatch {
  private readonly stalls: { fromMs: number; toMs: number }[] = [];
  private beating: Promise<void> | undefined;
  private ended = false;

  /** @param beat something that takes no time when all works; by default a turn of this process itself */
  constructor(
    private readonly beat: () => Promise<unknown> = async () => {},
    private readonly options: StallWatchOptions = { everyMs: 5, lateMs: 25 },
  ) {}

  start(): this {
    this.beating ??= this.watch();
    return this;
  }

  /** How many ms of that time passed in stalls. By `performance.now()`. */
  between(fromMs: number, toMs: number): number {
    return this.stalls.reduce(
      (sum, stall) => sum + Math.max(0, Math.min(toMs, stall.toMs) - Math.max(fromMs, stall.fromMs)),
      0,
    );
  }

  async stop(): Promise<void> {
    this.ended = true;
    await this.beating;
  }

  private async watch(): Promise<void> {
    const { everyMs, lateMs } = this.options;
    while (!this.ended) {
      const fromMs = performance.now();
      await Promise.all([this.beat(), pause(everyMs)]);
      const toMs = performance.now();
      if (toMs - fromMs > lateMs) this.stalls.push({ fromMs, toMs });
    }
  }
}
