import { AsyncLocalStorage } from 'node:async_hooks';
import { withDeadline } from './with-deadline.js';

const STOP_MS = 2_000;
const LOG_EVERY_MS = 60_000;

/** What a task writes to; Nest's `Logger` is one. */
export interface TaskLog {
  log(message: string): void;
  error(detail: object, message: string): void;
}

export interface PeriodicTaskOptions {
  /** The subject of its log lines, e.g. `Outbox cleaning`. */
  readonly name: string;
  /** Milliseconds between the end of a round and the start of the next. */
  readonly everyMs: number;
  /** Milliseconds from a round that failed to the next. Default `everyMs`. */
  readonly retryMs?: number;
  /** 0 to 1: each rest is shorter by a random part of up to this share, so that processes don't act in step. Default 0. */
  readonly jitter?: number;
  /** Milliseconds from `start` to the first round. Default 0: at once. */
  readonly firstAfterMs?: number;
  /**
   * One round. It may return the milliseconds until the next one instead of `everyMs`. A rejection is logged, and the
   * next round comes as if nothing had happened.
   * @param stopping is aborted by `stop`; a long round looks at it between two steps
   */
  readonly run: (stopping: AbortSignal) => Promise<number | void> | number | void;
  readonly log: TaskLog;
  /** How long `stop` waits for the round in hand, in milliseconds. Default 2,000. */
  readonly stopMs?: number;
  /** Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Runs rounds of a task, one at a time, until it is stopped. A failure is logged when it begins, once a minute while it
 * lasts, and when it ends. Its timer does not keep the process alive. Rounds see the async context (trace, consistency
 * scope) that the task was made in, not that of what wakes it.
 *
 * States: new → resting ⇄ running → stopped (for good).
 */
export class PeriodicTask {
  private readonly stopping = new AbortController();
  private readonly inOwnContext = AsyncLocalStorage.snapshot();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private again = false;
  private failingSinceMs: number | undefined;
  private loggedMs = -Infinity;

  constructor(private readonly options: PeriodicTaskOptions) {}

  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  start(): void {
    if (this.isStopping || this.running || this.timer) return;
    const { firstAfterMs = 0 } = this.options;
    if (firstAfterMs > 0) this.rest(firstAfterMs);
    else this.wake();
  }

  /** Starts a round now; while one is under way, another follows right after it. */
  wake(): void {
    if (this.isStopping) return;
    clearTimeout(this.timer);
    if (this.running) this.again = true;
    else this.running = this.inOwnContext(() => this.round());
  }

  /** No round starts any more. Resolves when the one in hand is over, or after `stopMs`. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    const late = (): Error => new Error(`${this.options.name}: the round in hand hangs`);
    await withDeadline(this.running ?? Promise.resolve(), this.options.stopMs ?? STOP_MS, late).catch(
      () => {},
    );
  }

  private async round(): Promise<void> {
    let restMs: number | undefined;
    try {
      restMs = (await this.begin()) ?? undefined;
      this.succeeded();
    } catch (error) {
      restMs = this.options.retryMs;
      this.failed(error);
    }
    this.running = undefined;
    if (this.isStopping) return;
    if (this.again) {
      this.again = false;
      this.wake();
    } else this.rest(restMs ?? this.options.everyMs);
  }

  /** An error that `run` throws before its first await is a rejection too. */
  private async begin(): Promise<number | void> {
    return this.options.run(this.stopping.signal);
  }

  private rest(forMs: number): void {
    const { jitter = 0, random = Math.random } = this.options;
    this.timer = setTimeout(() => this.wake(), forMs * (1 - jitter * random())).unref();
  }

  private succeeded(): void {
    if (this.failingSinceMs === undefined) return;
    const seconds = Math.round((performance.now() - this.failingSinceMs) / 1_000);
    this.failingSinceMs = undefined;
    this.options.log.log(`${this.options.name} works again, after ${seconds} s`);
  }

  private failed(error: unknown): void {
    if (this.isStopping) return;
    const nowMs = performance.now();
    const begins = this.failingSinceMs === undefined;
    this.failingSinceMs ??= nowMs;
    if (!begins && nowMs - this.loggedMs < LOG_EVERY_MS) return;
    this.loggedMs = nowMs;
    this.options.log.error({ err: error }, `${this.options.name} failed; retrying`);
  }
}
