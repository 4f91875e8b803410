import { Logger } from '@nestjs/common';

/** Runs a task at once and then every so often, never twice at a time. A failure is told once, until it works again. */
export class EveryFew {
  private readonly logger = new Logger(EveryFew.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private failing = false;

  constructor(
    private readonly everyMs: number,
    private readonly task: () => Promise<void>,
  ) {}

  /** A task that takes its time asks between two of its steps, and leaves the rest for another process or day. */
  get isStopping(): boolean {
    return this.stopped;
  }

  start(): void {
    this.running = this.run();
  }

  /** Waits for the run in hand. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      await this.task();
      this.failing = false;
    } catch (error) {
      if (!this.failing && !this.stopped)
        this.logger.warn({ err: error }, 'The outbox could not be looked after; it is tried on and on');
      this.failing = true;
    }
    if (this.stopped) return;
    this.timer = setTimeout(() => this.start(), this.everyMs);
    this.timer.unref();
  }
}
