import type { Job } from 'bull';
import type { JobData } from '../job-data.js';
import { HardLimitError, LockLostError, ShuttingDownError, SoftLimitError } from '../job.errors.js';
import type { JobContext } from '../processors/processor-for.js';
import type { QueueDefinition } from '../queue-definition.js';
import { JobLock } from './job-lock.js';

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
  readonly id: string;
  readonly queue: string;
  readonly messageId: string;
  readonly attempt: number;
  private readonly lock: JobLock;
  /** Made when the handler looks at the signal: most handlers never do. */
  private controller: AbortController | undefined;
  private abortReason: Error | undefined;
  private softAtMs = Infinity;
  private hardAtMs = Infinity;
  private onHardLimit: (error: HardLimitError) => void = () => {};
  private onRevoked: (error: Error) => void = () => {};
  private revocation: Error | undefined;
  private leaving = false;
  private ended = false;

  constructor(
    private readonly definition: QueueDefinition,
    private readonly job: Job<JobData>,
    lockMs: number,
  ) {
    this.id = String(job.id);
    this.queue = definition.name;
    this.messageId = String((job.data as Partial<JobData> | undefined)?.messageId);
    this.attempt = job.attemptsMade + 1;
    this.lock = new JobLock({
      lockMs,
      // The lock was taken when the job was fetched.
      ageMs: Math.max(0, Date.now() - (job.processedOn ?? Date.now())),
      extend: async () => Boolean(await job.extendLock(lockMs)),
      onLost: () => this.revoke(new LockLostError(this.messageId)),
    });
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.abortReason) this.controller.abort(this.abortReason);
    }
    return this.controller.signal;
  }

  /** Another worker may have the job. */
  get isLost(): boolean {
    return this.lock.isLost;
  }

  /** The process stops, and the handler was asked to give up. */
  get isLeaving(): boolean {
    return this.leaving;
  }

  get isRevoked(): boolean {
    return this.isLost || this.revocation !== undefined;
  }

  /** Neither the attempt nor its handler is under way any more. */
  get isOver(): boolean {
    return this.ended && this.hardAtMs === Infinity;
  }

  /** To be called repeatedly until it is over: renews the lock, and enforces the limits. */
  tend(): void {
    this.lock.tend();
    const { name, softLimitMs, hardLimitMs } = this.definition;
    const nowMs = performance.now();
    if (nowMs >= this.softAtMs) {
      this.softAtMs = Infinity;
      this.abort(new SoftLimitError(name, softLimitMs));
    }
    if (nowMs >= this.hardAtMs) {
      const error = new HardLimitError(name, hardLimitMs);
      this.stopClock();
      this.revoke(error);
      this.onHardLimit(error);
    }
  }

  /**
   * The limits count from here on: waiting for a slot is not the handler's time.
   * @param onHardLimit called at the hard limit in any case, also when the attempt is long over
   */
  startClock(onHardLimit: (error: HardLimitError) => void = () => {}): void {
    const startedMs = performance.now();
    this.softAtMs = startedMs + this.definition.softLimitMs;
    this.hardAtMs = startedMs + this.definition.hardLimitMs;
    this.onHardLimit = onHardLimit;
  }

  context(): JobContext {
    const { messageId, attempt } = this;
    const signal = () => this.signal;
    return {
      messageId,
      attempt,
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

  /** @throws the reason for which the attempt should not begin, or go on */
  throwIfAborted(): void {
    if (this.abortReason) throw this.abortReason;
  }

  /** Looks at the clock too: a process that stood still notices here, before its timer fires. */
  throwIfRevoked(): void {
    if (this.isRevoked) throw this.revocation!;
  }

  leave(): void {
    this.leaving = true;
    this.abort(new ShuttingDownError());
  }

  /** The handler has settled, or its child is dead. */
  stopClock(): void {
    this.softAtMs = this.hardAtMs = Infinity;
  }

  /** The attempt is over: its lock is not renewed any more. */
  end(): void {
    this.ended = true;
    this.lock.release();
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
