import type { TimeBudget } from '@fourfold/kernel';
import type { ConsistencyScope } from '../consistency/consistency.scope.js';

export type RunInContext = <T>(work: () => T) => T;

export interface WaitingUnit<U, R> {
  readonly unit: U;
  /** The consistency scope of the request that waits for the unit. */
  readonly scope: ConsistencyScope | undefined;
  /** Of that request: a unit whose request is over has no turn any more. */
  readonly budget: TimeBudget | undefined;
  /** Runs what it is given in that request's async context. Of a unit that came behind others there is none. */
  readonly inContext: RunInContext | undefined;
  /** By `performance.now()`. */
  readonly sinceMs: number;
  readonly resolve: (result: R) => void;
  readonly reject: (error: Error) => void;
}

export interface UnitQueueOptions<U> {
  readonly keyOf?: (unit: U) => string;
  readonly weightOf?: (unit: U) => number;
  readonly mostUnits: number;
  readonly mostWeight: number;
  readonly mostWaiting: number;
  readonly deadlineMs: number;
  /** @param waitedMs undefined for a unit that was not let in */
  readonly tooMany: (waitedMs?: number) => Error;
}

/** Units that wait for a transaction, in the order of their arrival; one whose key is under way waits for that. */
export class UnitQueue<U, R> {
  private waiting: WaitingUnit<U, R>[] = [];
  private readonly keysUnderWay = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: UnitQueueOptions<U>) {}

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** Whether those that wait fill a group. */
  get isFull(): boolean {
    const { weightOf, mostUnits, mostWeight } = this.options;
    if (this.waiting.length >= mostUnits) return true;
    if (!weightOf) return false;
    return this.waiting.reduce((weight, { unit }) => weight + weightOf(unit), 0) >= mostWeight;
  }

  push(unit: WaitingUnit<U, R>): void {
    if (this.waiting.length >= this.options.mostWaiting) return unit.reject(this.options.tooMany());
    this.waiting.push(unit);
    this.timer ??= setTimeout(() => this.refuseOverdue(), this.options.deadlineMs);
  }

  /** The units of the next transaction; empty when none may begin now. Their keys are under way until `release`. */
  take(): WaitingUnit<U, R>[] {
    const { keyOf, weightOf = () => 1, mostUnits, mostWeight } = this.options;
    const batch: WaitingUnit<U, R>[] = [];
    const left: WaitingUnit<U, R>[] = [];
    let weight = 0;
    const nowMs = performance.now();
    for (const [index, waiting] of this.waiting.entries()) {
      const over = waiting.budget?.failure(nowMs);
      if (over) {
        waiting.reject(over);
        continue;
      }
      const key = keyOf?.(waiting.unit);
      const heavier = weight + weightOf(waiting.unit);
      if (batch.length >= mostUnits || (batch.length > 0 && heavier > mostWeight)) {
        left.push(...this.waiting.slice(index));
        break;
      }
      if (key !== undefined && this.keysUnderWay.has(key)) {
        left.push(waiting);
        continue;
      }
      if (key !== undefined) this.keysUnderWay.add(key);
      batch.push(waiting);
      weight = heavier;
    }
    this.waiting = left;
    if (left.length === 0) this.disarm();
    return batch;
  }

  release(batch: readonly WaitingUnit<U, R>[]): void {
    const { keyOf } = this.options;
    if (keyOf) for (const { unit } of batch) this.keysUnderWay.delete(keyOf(unit));
  }

  private refuseOverdue(): void {
    const nowMs = performance.now();
    const { deadlineMs, tooMany } = this.options;
    // Timers end up to a millisecond early.
    const isOverdue = ({ sinceMs }: WaitingUnit<U, R>) => nowMs - sinceMs >= deadlineMs - 1;
    const overdue = this.waiting.filter(isOverdue);
    this.waiting = this.waiting.filter((waiting) => !isOverdue(waiting));
    this.disarm();
    const [next] = this.waiting;
    if (next) this.timer = setTimeout(() => this.refuseOverdue(), next.sinceMs + deadlineMs - nowMs);
    for (const { reject, sinceMs } of overdue) reject(tooMany(nowMs - sinceMs));
  }

  private disarm(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
