import type { Job } from 'bull';
import type { JobData } from '../job-data.js';
import { HardLimitError, LockLostError, ShuttingDownError, SoftLimitError } from '../job.errors.js';
import type { QueueDefinition } from '../queue.definition.js';
import type { DeferredStart } from './deferred-start.js';
import { LockKeeper } from './lock.keeper.js';
import type { JobContext } from './processor-for.js';

/**
 * One attempt of one job in this process, and what may end it from outside:
 *
 *     running → ended                       the handler is through
 *     running → leaving → ended             the process stops: the handler is asked to give up
 *     running → revoked → ended             the lock is lost or the hard limit reached: its effect must not count
 *
 * The clock of its limits goes on after `end()`, until `stopClock()`: a handler in this process may outlive its attempt.
 */
export class RunningJob {
  private readonly lock: LockKeeper;
  /** Made when the handler looks at the signal: most handlers never do. */
  private controller: AbortController | undefined;
  private abortReason: Error | undefined;
  private takeBackLock: () => void;
  private takeBackClock: () => void = () => {};
  private timers: NodeJS.Timeout[] = [];
  private onRevoked: (error: Error) => void = () => {};
  private revocation: Error | undefined;
  private leaving = false;

  constructor(
    private readonly definition: QueueDefinition,
    private readonly job: Job<JobData>,
    lockMs: number,
    private readonly deferred: DeferredStart,
  ) {
    this.lock = new LockKeeper({
      lockMs,
      // The lock was taken when the job was fetched.
      ageMs: Math.max(0, Date.now() - (job.processedOn ?? Date.now())),
      extend: async () => Boolean(await job.extendLock(lockMs)),
      onLost: () => this.revoke(new LockLostError(this.messageId)),
    });
    this.takeBackLock = deferred.of(() => this.lock.start());
  }

  get id(): string {
    return String(this.job.id);
  }

  get queue(): string {
    return this.definition.name;
  }

  get messageId(): string {
    return String((this.job.data as Partial<JobData> | undefined)?.messageId);
  }

  get attempt(): number {
    return this.job.attemptsMade + 1;
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.abortReason) this.controller.abort(this.abortReason);
    }
    return this.controller.signal;
  }

  /** As `signal.aborted` says it, without making one. */
  get isAborted(): boolean {
    return this.abortReason !== undefined;
  }

  /** Another worker may have the job. */
  get isLost(): boolean {
    return this.lock.isLost;
  }

  /** The process stops, and the handler was told so. */
  get isLeaving(): boolean {
    return this.leaving;
  }

  get isRevoked(): boolean {
    return this.isLost || this.revocation !== undefined;
  }

  /**
   * The limits count from here on: waiting for a slot is not the handler's time.
   * @param onHardLimit called at the hard limit in any case, also when the attempt is long over
   */
  startClock(onHardLimit: (error: HardLimitError) => void = () => {}): void {
    const { name, softLimitMs, hardLimitMs } = this.definition;
    const startedMs = performance.now();
    const soft = () => this.abort(new SoftLimitError(name, softLimitMs));
    const hard = () => {
      const error = new HardLimitError(name, hardLimitMs);
      this.revoke(error);
      onHardLimit(error);
    };
    this.takeBackClock = this.deferred.of(() => {
      const goneMs = performance.now() - startedMs;
      this.timers = [setTimeout(soft, softLimitMs - goneMs), setTimeout(hard, hardLimitMs - goneMs)];
    });
  }

  context(): JobContext {
    const signal = () => this.signal;
    return {
      messageId: this.messageId,
      attempt: this.attempt,
      get signal() {
        return signal();
      },
      throwIfRevoked: () => this.throwIfRevoked(),
      progress: (value) => this.progress(value),
    };
  }

  /** Settles as `work` does, or rejects when the lock is lost or the hard limit reached before. */
  whileOurs(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onRevoked = reject;
      if (this.revocation) reject(this.revocation);
      work.then(resolve, reject);
    });
  }

  async progress(value: number | object): Promise<void> {
    await this.job.progress(value);
  }

  /** Looks at the clock too: a process that stood still finds out here, before its timers do. */
  throwIfRevoked(): void {
    if (this.isRevoked) throw this.revocation!;
  }

  leave(): void {
    this.leaving = true;
    this.abort(new ShuttingDownError());
  }

  /** The handler has settled, or what ran it is dead. */
  stopClock(): void {
    this.takeBackClock();
    for (const timer of this.timers) clearTimeout(timer);
  }

  end(): void {
    this.takeBackLock();
    this.lock.stop();
  }

  private revoke(error: Error): void {
    this.revocation ??= error;
    this.abort(error);
    this.onRevoked(error);
  }

  private abort(reason: Error): void {
    this.abortReason ??= reason;
    this.controller?.abort(reason);
  }
}
