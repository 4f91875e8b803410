export interface JobLockOptions {
  /** For how long each extension holds, in milliseconds. */
  readonly lockMs: number;
  /** How much of that had passed before this object was made, in milliseconds. */
  readonly ageMs: number;
  /** Extends the lock. Resolves with whether it was still ours. */
  readonly extend: () => Promise<boolean>;
  /** Called once, when the lock is lost. */
  readonly onLost: () => void;
  readonly now?: () => number;
}

/**
 * The lock of one job: held → lost, or held → released.
 *
 * Bull's own renewal stops for good at the first extension that fails, and the job is then run twice. This one tries
 * again until the lock must have run out. What counts is when an extension was *sent*: Redis can't have let the lock go
 * before `lockMs` after that. A process that stood still (a blocked event loop, SIGSTOP) sees by the clock that it can't
 * be sure any more, before any answer of Redis says so.
 */
export class JobLock {
  private readonly now: () => number;
  private safeUntilMs: number;
  private extendAtMs: number;
  private extending = false;
  private state: 'held' | 'lost' | 'released' = 'held';

  constructor(private readonly options: JobLockOptions) {
    const { lockMs, ageMs, now = () => performance.now() } = options;
    this.now = now;
    this.safeUntilMs = now() + lockMs - ageMs;
    this.extendAtMs = Math.min(now() + lockMs / 4, this.safeUntilMs);
  }

  /** Whether another worker may have the job by now. */
  get isLost(): boolean {
    if (this.state === 'held' && this.now() >= this.safeUntilMs) this.lose();
    return this.state === 'lost';
  }

  /** To be called repeatedly while the job runs: extends the lock when a quarter of its time has passed. */
  tend(): void {
    if (this.state !== 'held' || this.isLost) return;
    if (this.now() < this.extendAtMs) return;
    this.extendAtMs = this.now() + this.options.lockMs / 4;
    // A Redis that does not answer keeps its requests: one is enough.
    if (!this.extending) void this.extend();
  }

  release(): void {
    if (this.state === 'held') this.state = 'released';
  }

  private async extend(): Promise<void> {
    const sentAtMs = this.now();
    this.extending = true;
    try {
      if (await this.options.extend())
        this.safeUntilMs = Math.max(this.safeUntilMs, sentAtMs + this.options.lockMs);
      else this.lose();
    } catch {
      // Sent again after another quarter; the lock outlives three of them.
    } finally {
      this.extending = false;
    }
  }

  private lose(): void {
    if (this.state !== 'held') return;
    this.state = 'lost';
    this.options.onLost();
  }
}
