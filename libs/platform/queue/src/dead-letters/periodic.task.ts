import { Logger } from '@nestjs/common';
import { withDeadline } from '@fourfold/kernel';

/** A round that waits for a server that is away is not waited for when the process stops. */
const STOP_MS = 2_000;
const LOG_EVERY_MS = 60_000;

/**
 * Runs a round after the other, `everyMs` apart, until it is stopped. A round that fails is followed by the next as if
 * nothing had happened; an outage is logged when it begins, once a minute, and when it ends.
 */
export class PeriodicTask {
  private readonly logger: Logger;
  private running: Promise<void> | undefined;
  private stopping = false;
  private wake: (() => void) | undefined;
  private failingSince: number | undefined;
  private loggedAt = 0;

  constructor(
    private readonly name: string,
    private readonly everyMs: number,
    private readonly round: () => Promise<void>,
  ) {
    this.logger = new Logger(name);
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  start(): void {
    this.running = this.run();
  }

  /** Resolves when the round in hand is over, or hangs. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wake?.();
    const late = (): Error => new Error('the round in hand hangs');
    await withDeadline(this.running ?? Promise.resolve(), STOP_MS, late).catch(() => {});
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      await this.round().then(
        () => this.succeeded(),
        (error: unknown) => this.failed(error),
      );
      if (!this.stopping) await this.pause();
    }
  }

  private succeeded(): void {
    if (this.failingSince === undefined) return;
    const seconds = Math.round((performance.now() - this.failingSince) / 1_000);
    this.failingSince = undefined;
    this.logger.log(`${this.name} works again, after ${seconds} s`);
  }

  private failed(error: unknown): void {
    if (this.stopping) return;
    const now = performance.now();
    const begins = this.failingSince === undefined;
    this.failingSince ??= now;
    if (!begins && now - this.loggedAt < LOG_EVERY_MS) return;
    this.loggedAt = now;
    this.logger.error({ err: error }, `${this.name} does not get through; it goes on trying`);
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.everyMs);
      timer.unref();
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
