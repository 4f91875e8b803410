import { AsyncLocalStorage } from 'node:async_hooks';
import { withinBudget } from '@fourfold/kernel';
import { currentBudget, runWithin } from '@fourfold/observability/request-context';
import { consistencyState } from '../consistency/consistency.context.js';
import { PoolExhaustedError } from '../errors.js';
import { type RunInContext, UnitQueue, type WaitingUnit } from './unit.queue.js';

export interface GroupLimits<U> {
  /** Units of one key never share a group, and the later one waits until the group of the one before is over. Default: all differ. */
  readonly keyOf?: (unit: U) => string;
  /** How much of a group a unit takes, e.g. its rows. Default 1. */
  readonly weightOf?: (unit: U) => number;
  /** The most units in a group. Default 64. */
  readonly mostUnits?: number;
  /** The most weight in a group; a heavier unit has a group to itself. Default 2,000. */
  readonly mostWeight?: number;
  /** Groups under way at once. Default 2: another one begins when it is full, or when the last one takes long. */
  readonly inFlight?: number;
  /** Units that may wait for their turn. Default 1,000. */
  readonly mostWaiting?: number;
  /** How long a unit waits for its turn, in milliseconds. Default 5,000. */
  readonly deadlineMs?: number;
  /**
   * Makes the error for a unit that got no turn in time, or (without `waitedMs`) found the queue full. Default:
   * PoolExhaustedError of the primary.
   */
  readonly tooMany?: (waitedMs?: number) => Error;
}

/** A group that has been under way for longer, in ms, does not keep others waiting: it may wait for a lock. */
const LONG_MS = 50;

/**
 * Units of work that arrive while others are under way form the next group. No timer holds a unit back: an idle system
 * begins each at once, and a busy one fills its groups by itself.
 */
export class Groups<U, R> {
  private readonly queue: UnitQueue<U, R>;
  private readonly inFlight: number;
  /** For a group whose first unit came behind others. */
  private readonly outside: RunInContext = AsyncLocalStorage.snapshot();
  private running = 0;
  private lastBegunMs = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param work tells each unit's caller, now or later, and never rejects; when it resolves another group may begin */
  constructor(
    limits: GroupLimits<U>,
    private readonly work: (group: readonly WaitingUnit<U, R>[]) => Promise<void>,
  ) {
    const { mostUnits = 64, mostWeight = 2_000, deadlineMs = 5_000, mostWaiting = 1_000 } = limits;
    const { tooMany = (waitedMs) => new PoolExhaustedError('the primary', waitedMs) } = limits;
    this.inFlight = limits.inFlight ?? 2;
    this.queue = new UnitQueue({ ...limits, mostUnits, mostWeight, mostWaiting, deadlineMs, tooMany });
  }

  /**
   * Settles as `work` says of the unit. When its request is over before it has had its turn, it has none. One that has
   * begun goes on, for the others of its group, and its caller is told meanwhile that its time is over.
   * @throws `tooMany`'s error when there was no turn for it in time; DeadlineExceededError, ClientGoneError
   */
  run(unit: U): Promise<R> {
    const budget = currentBudget();
    const { scope } = consistencyState();
    // Of the first one that waits alone, whose group it will be: the others' contexts are not used.
    const inContext = this.queue.isEmpty ? AsyncLocalStorage.snapshot() : undefined;
    const done = new Promise<R>((resolve, reject) => {
      this.queue.push({ unit, scope, budget, inContext, sinceMs: performance.now(), resolve, reject });
      this.begin();
    });
    return withinBudget(done, budget);
  }

  private begin(): void {
    while (this.mayBegin()) {
      const group = this.queue.take();
      if (group.length === 0) return;
      this.running += 1;
      this.lastBegunMs = performance.now();
      // Else it would be in the context, and the trace, of whichever unit the group before began with.
      const inContext = group[0]!.inContext ?? this.outside;
      void inContext(() => runWithin(undefined, () => this.work(group))).then(() => {
        this.running -= 1;
        this.queue.release(group);
        this.begin();
      });
    }
    // Else what waits is taken when a group ends.
    if (this.queue.isEmpty || this.running >= this.inFlight) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.begin();
    }, LONG_MS);
  }

  /** Two small groups cost more than one of the size of both. */
  private mayBegin(): boolean {
    if (this.running === 0 || this.running >= this.inFlight) return this.running === 0;
    return this.queue.isFull || performance.now() - this.lastBegunMs >= LONG_MS - 1; // timers end early
  }
}

/**
 * The same for an effect that no transaction takes back, such as a call of another system: a group is run once, and
 * `work` says of each unit, in their order, how it ended.
 */
export class GroupedWork<U, R> {
  private readonly groups: Groups<U, R>;

  constructor(limits: GroupLimits<U>, work: (units: readonly U[]) => Promise<PromiseSettledResult<R>[]>) {
    this.groups = new Groups(limits, async (group) => {
      try {
        const outcomes = await work(group.map(({ unit }) => unit));
        group.forEach(({ resolve, reject }, index) => {
          const outcome = outcomes[index]!;
          if (outcome.status === 'fulfilled') resolve(outcome.value);
          else reject(outcome.reason as Error);
        });
      } catch (error) {
        for (const { reject } of group) reject(error as Error);
      }
    });
  }

  /** @throws what `work` says of this unit, or rejects with; `tooMany`'s error when there was no turn for it in time */
  run(unit: U): Promise<R> {
    return this.groups.run(unit);
  }
}
