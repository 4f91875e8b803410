import type { Command } from 'ioredis';

/** Redis did not answer a command in time. It may have carried it out all the same. */
export class CommandTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`Redis did not answer within ${timeoutMs} ms.`);
    this.name = CommandTimeoutError.name;
  }
}

interface Waiting {
  readonly sinceMs: number;
  readonly command: Pick<Command, 'reject'>;
}

/** How often in one timeout somebody looks: a command waits that much longer at most. */
const LOOKS = 5;

/**
 * A deadline for many commands with one timer for all: a timer each costs a read of Redis 5% of its time.
 *
 * It looks after the sockets have been read: in a process that was busy for long, answers that are there already count.
 */
export class CommandDeadline {
  private readonly waiting = new Set<Waiting>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly timeoutMs: number) {
    const look = (): void => {
      if (this.waiting.size > 0) setImmediate(() => this.rejectOverdue());
    };
    this.timer = setInterval(look, Math.max(1, timeoutMs / LOOKS)).unref();
  }

  /**
   * Settles as `reply` does; before that, an overdue `command` is rejected, and `reply` with it.
   * @throws CommandTimeoutError, or what the command throws.
   */
  async watch<T>(command: Pick<Command, 'reject'>, reply: Promise<T>): Promise<T> {
    const entry = { sinceMs: performance.now(), command };
    this.waiting.add(entry);
    try {
      return await reply;
    } finally {
      this.waiting.delete(entry);
    }
  }

  close(): void {
    clearInterval(this.timer);
  }

  private rejectOverdue(): void {
    const overdueMs = performance.now() - this.timeoutMs;
    // In the order of their start: the first that has time left ends the look.
    for (const entry of this.waiting) {
      if (entry.sinceMs > overdueMs) return;
      this.waiting.delete(entry);
      entry.command.reject(new CommandTimeoutError(this.timeoutMs));
    }
  }
}
