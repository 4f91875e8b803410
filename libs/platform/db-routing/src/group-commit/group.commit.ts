import type { DataSource, EntityManager } from 'typeorm';
import { runInScope } from '../consistency/consistency.context.js';
import { ConsistencyScope } from '../consistency/consistency.scope.js';
import { isConnectionError, isLockTimeout, queryTimeoutOf } from '../driver-error.js';
import { inTransaction } from '../transaction.js';
import { type GroupLimits, Groups } from './groups.js';
import type { WaitingUnit } from './unit.queue.js';

export interface GroupCommitOptions<U, R> extends GroupLimits<U> {
  /**
   * Writes all units within the transaction, in statements of many rows, with rows locked in one order whatever the
   * order of the units. Runs again after a deadlock or a lost connection, and for fewer units when one of them can't be
   * written: it must have no effect outside the transaction, and a unique key must refuse a unit that is there already.
   * @returns a result for each unit, in their order
   */
  readonly write: (manager: EntityManager, units: readonly U[]) => Promise<readonly R[]>;
  /**
   * What a failure of `write` says of one unit. When it says something of some of them, their callers are told at once
   * and the others are written together. Default: nothing, and the unit at fault is found by halving.
   */
  readonly faultOf?: (error: unknown, unit: U) => Error | undefined;
  /**
   * What follows the commit of its units and is idempotent by itself. Their callers are told when it has resolved; the
   * next transaction does not wait for it. When it rejects it is run again in halves, as `write` is.
   */
  readonly afterwards?: (units: readonly U[], results: readonly R[]) => Promise<void>;
}

/** Runs `work` in one transaction, and again when that lost a deadlock. */
export type RunTransaction = <T>(work: (manager: EntityManager) => Promise<T>) => Promise<T>;

/**
 * For a `write` of one statement, which is a transaction by itself. One that loses a deadlock is run again in halves: a
 * statement about one row has none.
 */
export const asStatement =
  ({ manager }: DataSource): RunTransaction =>
  (work) =>
    work(manager);

type Batch<U, R> = readonly WaitingUnit<U, R>[];

/**
 * Group commit: units of work that arrive while transactions are under way share the next one. (The idea: DeWitt et al.,
 * "Implementation Techniques for Main Memory Database Systems", SIGMOD 1984.)
 *
 * A unit never meets the fault of another one: when a transaction fails for what is in it, it is run again in halves,
 * until the unit at fault is alone and its caller has its error. When the connection is lost, the whole is run once more;
 * what had been committed all the same is then refused as a duplicate, which its caller recognises by its key.
 */
export class GroupCommit<U, R> {
  private readonly groups: Groups<U, R>;
  private readonly transaction: RunTransaction;

  /** @param target the primary, or what runs a transaction where the units belong */
  constructor(
    target: DataSource | RunTransaction,
    private readonly options: GroupCommitOptions<U, R>,
  ) {
    this.transaction = typeof target === 'function' ? target : (work) => inTransaction(target, work);
    this.groups = new Groups(options, (batch) => this.settle(batch, true));
  }

  /**
   * Resolves when the unit is committed; the running request then sees it in all of its reads.
   * @throws what `write` throws for this unit alone; `tooMany`'s error when there was no turn for it in time
   */
  run(unit: U): Promise<R> {
    return this.groups.run(unit);
  }

  /** Never rejects: each unit's caller is told. */
  private async settle(batch: Batch<U, R>, mayRepeat: boolean): Promise<void> {
    let results: readonly R[];
    try {
      results = await this.commit(batch);
    } catch (error) {
      if (mayRepeat && isConnectionError(error)) return this.settle(batch, false);
      const others = this.withoutFaulty(batch, error);
      if (others.length === 0) return;
      if (others.length < batch.length) return this.settle(others, mayRepeat);
      return inParts(batch, error, (part) => this.settle(part, mayRepeat));
    }
    // Not awaited: the transaction is over, and another one may begin.
    void this.follow(batch, results);
  }

  /** Tells the callers of the units that the error is about. @returns the others */
  private withoutFaulty(batch: Batch<U, R>, error: unknown): Batch<U, R> {
    return batch.filter(({ unit, reject }) => {
      const fault = this.options.faultOf?.(error, unit);
      if (fault) reject(fault);
      return fault === undefined;
    });
  }

  private async follow(batch: Batch<U, R>, results: readonly R[]): Promise<void> {
    const resultOf = new Map(batch.map((waiting, index) => [waiting, results[index]!]));
    const finish = async (part: Batch<U, R>): Promise<void> => {
      const own = part.map((waiting) => resultOf.get(waiting)!);
      try {
        await this.options.afterwards?.(
          part.map(({ unit }) => unit),
          own,
        );
      } catch (error) {
        return inParts(part, error, finish);
      }
      part.forEach(({ resolve }, index) => resolve(own[index]!));
    };
    await finish(batch);
  }

  private commit(batch: Batch<U, R>): Promise<readonly R[]> {
    const units = batch.map(({ unit }) => unit);
    const work = () => this.transaction((manager) => this.options.write(manager, units));
    const scope = ConsistencyScope.sharedBy(batch.flatMap((waiting) => waiting.scope ?? []));
    return scope ? runInScope(scope, work) : work();
  }
}

/** What becomes of a batch that has failed as a whole: its callers are told, or `run` is given fewer at a time. */
async function inParts<U, R>(
  batch: Batch<U, R>,
  error: unknown,
  run: (part: Batch<U, R>) => Promise<void>,
): Promise<void> {
  if (batch.length === 1 || concernsAll(error)) {
    for (const { reject } of batch) reject(error as Error);
  } else if (isLockTimeout(error)) {
    // Halves would wait in turn; alone, only the one that is in another's way waits again.
    await Promise.all(batch.map((one) => run([one])));
  } else {
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) await run(half);
  }
}

/** Whether each unit alone would have met the same: a server is away, as an error of its library or the driver says. */
function concernsAll(error: unknown): boolean {
  return (
    isConnectionError(error) ||
    queryTimeoutOf(error) !== undefined ||
    typeof (error as { dependency?: unknown } | undefined)?.dependency === 'string'
  );
}
