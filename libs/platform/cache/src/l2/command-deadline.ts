import type { Command } from 'ioredis';

/** Redis did not answer a command in time. It may have carried it out all the same. */
export class CommandTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`Redis did not answer within ${timeoutMs} ms.`);
    this.name = CommandTimeoutError.name;
  }
}

type Watched = Pick<Command, 'reject' | 'isResolved'>;

/** How often in one timeout the list is looked at: a command waits for one such interval longer at most. */
const LOOKS = 5;

/**
 * A deadline for many commands with one timer for all: a timer each costs a read of Redis 5% of its time. A command
 * that is answered stays on the list until the next look takes it off, which is in time for the list to stay short.
 *
 * It looks after the sockets have been read: in a process that was busy for long, answers that are there already count.
 */
export class CommandDeadline {
  /** In the order of their start, each with its time (ms) before it. */
  private watched: (number | Watched)[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly timeoutMs: number) {
    const look = (): void => {
      if (this.watched.length > 0) setImmediate(() => this.rejectOverdue());
    };
    this.timer = setInterval(look, Math.max(1, timeoutMs / LOOKS)).unref();
  }

  /** An overdue `command` is rejected with a CommandTimeoutError. */
  watch(command: Watched): void {
    this.watched.push(performance.now(), command);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private rejectOverdue(): void {
    const overdueMs = performance.now() - this.timeoutMs;
    const left: (number | Watched)[] = [];
    for (let i = 0; i < this.watched.length; i += 2) {
      const sinceMs = this.watched[i] as number;
      const command = this.watched[i + 1] as Watched;
      if (command.isResolved) continue;
      if (sinceMs > overdueMs) left.push(sinceMs, command);
      // Without effect on one that has failed already.
      else command.reject(new CommandTimeoutError(this.timeoutMs));
    }
    this.watched = left;
  }
}
