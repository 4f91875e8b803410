import { type AppError, appError } from './app-error.js';

/** A request took longer than it may. What it had written and not committed was rolled back. */
export class DeadlineExceededError extends appError(
  'deadline-exceeded',
  503,
  'The request took too long and was given up',
) {
  /** @param cause what was being waited for */
  constructor(cause?: unknown) {
    super('The request took longer than it may and was given up; try again, with the same key', {
      cause,
      retryAfterSeconds: 2,
    });
  }
}

/** The client closed the connection before it was answered: no client sees this error. */
export class ClientGoneError extends appError('client-gone', 499, 'The client has gone') {
  constructor(cause?: unknown) {
    super('The client closed the connection before it was answered, so the work for it was stopped', {
      cause,
    });
  }
}

export type BudgetEnd = 'deadline' | 'client-gone';

/** Whether work was stopped because its budget was over. */
export function isGivenUp(error: unknown): error is AppError {
  return error instanceof DeadlineExceededError || error instanceof ClientGoneError;
}

/**
 * The time that one request has for all that is done for it. Libraries look at it before they begin something, and now and
 * then while they wait: it needs no timer and no listener of its own. Once it is over it stays so.
 */
export class TimeBudget {
  private ended: BudgetEnd | undefined;

  /**
   * @param endsMs by `performance.now()`
   * @param hungUp whether the client has. Default: it never does
   */
  constructor(
    protected readonly endsMs: number,
    private readonly hungUp?: () => boolean,
  ) {}

  /** Why it is over; undefined while it is not. */
  end(nowMs = performance.now()): BudgetEnd | undefined {
    return (this.ended ??= this.look(nowMs));
  }

  /** A new error that says why it is over. @param waitedFor what the work was stopped at, for the log */
  failure(nowMs = performance.now(), waitedFor?: string): AppError | undefined {
    const end = this.end(nowMs);
    if (end === undefined) return undefined;
    const cause = waitedFor === undefined ? undefined : new Error(waitedFor);
    return end === 'deadline' ? new DeadlineExceededError(cause) : new ClientGoneError(cause);
  }

  leftMs(nowMs = performance.now()): number {
    return this.endsMs - nowMs;
  }

  protected look(nowMs: number): BudgetEnd | undefined {
    if (this.hungUp?.()) return 'client-gone';
    // Timers end up to a millisecond early.
    return this.leftMs(nowMs) <= 1 ? 'deadline' : undefined;
  }
}

/** Of work that several requests wait for: over when it is over for each of them, and never while one has none. */
export class SharedBudget extends TimeBudget {
  private readonly waiting: TimeBudget[];
  private unlimited = false;

  constructor(first: TimeBudget) {
    super(Infinity);
    this.waiting = [first];
  }

  /** One more waits for the work. To be asked first whether it is over, for then it can't go on. */
  join(budget: TimeBudget | undefined): void {
    if (budget) this.waiting.push(budget);
    else this.unlimited = true;
  }

  override leftMs(nowMs = performance.now()): number {
    if (this.unlimited) return Infinity;
    return Math.max(...this.waiting.map((budget) => budget.leftMs(nowMs)));
  }

  protected override look(nowMs: number): BudgetEnd | undefined {
    if (this.unlimited) return undefined;
    let end: BudgetEnd | undefined;
    for (const budget of this.waiting) {
      end = budget.end(nowMs);
      if (end === undefined) return undefined;
    }
    return end;
  }
}

interface Wait {
  readonly budget: TimeBudget;
  readonly giveUp: (error: Error) => void;
}

const LOOK_MS = 50;
const waits = new Set<Wait>();
let timer: NodeJS.Timeout | undefined;

/**
 * Settles as `work` does, or rejects within a twentieth of a second after `budget` is over; the work itself goes on. One
 * timer looks for all who wait.
 */
export function withinBudget<T>(work: Promise<T>, budget: TimeBudget | undefined): Promise<T> {
  if (!budget) return work;
  return new Promise((resolve, reject) => {
    const wait: Wait = { budget, giveUp: reject };
    waits.add(wait);
    // After the sockets have been read: in a process that was busy for long, answers that are there count.
    timer ??= setInterval(() => setImmediate(look), LOOK_MS).unref();
    work.then(resolve, reject).finally(() => waits.delete(wait));
  });
}

function look(): void {
  const nowMs = performance.now();
  for (const wait of waits) {
    const failure = wait.budget.failure(nowMs);
    if (!failure) continue;
    waits.delete(wait);
    wait.giveUp(failure);
  }
  if (waits.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}
