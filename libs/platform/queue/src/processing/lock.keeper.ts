import { performance } from 'node:perf_hooks';

export interface LockKeeperOptions {
  /** For how long each extension holds, in milliseconds. */
  readonly lockMs: number;
  /** How much of that had passed before the keeper was made, in milliseconds. */
  readonly ageMs: number;
  /** Extends the lock. Resolves with whether it was still ours. */
  readonly extend: () => Promise<boolean>;
  /** Called once, when the lock is lost. */
  readonly onLost: () => void;
  readonly now?: () => number;
}

/**
 * Keeps one job's lock: held → lost, or held → stopped.
 *
 * Bull's own renewal stops for good at the first extension that fails, and the job is then run twice. This one tries
 * again until the lock must have run out. What counts is when an extension was *sent*: Redis can't have let the lock go
 * before `lockMs` after that. A process that stood still (a blocked event loop, SIGSTOP) sees by the clock that it can't
 * be sure any more, before any answer of Redis says so.
 */
export class LockKeeper {
  private readonly now: () => number;
  private safeUntil: number;
  private timer: NodeJS.Timeout | undefined;
  private extending = false;
  private state: 'held' | 'lost' | 'stopped' = 'held';

  constructor(private readonly options: LockKeeperOptions) {
    this.now = options.now ?? (() => performance.now());
    this.safeUntil = this.now() + options.lockMs - options.ageMs;
  }

  /** Renews from now on; what has passed since it was made has been counted. */
  start(): void {
    if (this.state === 'held') this.arm();
  }

  /** Whether another worker may have the job by now. */
  get isLost(): boolean {
    if (this.state === 'held' && this.now() >= this.safeUntil) this.lose();
    return this.state === 'lost';
  }

  stop(): void {
    clearTimeout(this.timer);
    if (this.state === 'held') this.state = 'stopped';
  }

  private arm(): void {
    const dueMs = Math.min(this.options.lockMs / 4, Math.max(0, this.safeUntil - this.now()));
    this.timer = setTimeout(() => this.renew(), dueMs);
  }

  private renew(): void {
    if (this.isLost) return;
    // A Redis that does not answer keeps what it is asked: one question is enough.
    if (!this.extending) void this.extend();
    this.arm();
  }

  private async extend(): Promise<void> {
    const sentAt = this.now();
    this.extending = true;
    try {
      if (await this.options.extend())
        this.safeUntil = Math.max(this.safeUntil, sentAt + this.options.lockMs);
      else this.lose();
    } catch {
      // Asked again at the next turn; the lock outlives three of them.
    } finally {
      this.extending = false;
    }
  }

  private lose(): void {
    if (this.state !== 'held') return;
    this.state = 'lost';
    clearTimeout(this.timer);
    this.options.onLost();
  }
}
