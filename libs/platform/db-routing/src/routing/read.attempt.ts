import type { TimeBudget } from '@fourfold/kernel';
import type { ConsistencyState } from '../consistency/consistency.context.js';
import type { ClusterScope } from '../consistency/consistency.scope.js';
import type { Whereabouts } from '../pool/whereabouts.js';
import type { RouteRequest } from './route.policy.js';

/** One read on its way to a connection. */
export interface ReadAttempt {
  readonly state: ConsistencyState;
  /** The writes on this cluster that the read has to see. */
  readonly scope: ClusterScope | undefined;
  /** Of the request that it is for. */
  readonly budget: TimeBudget | undefined;
  /** Counted as the read's reason, in place of the reason that the policy gives. */
  readonly purpose: string | undefined;
  /** Where it was asked for, if that was noted. */
  readonly takenAt: Whereabouts | undefined;
  readonly startedMs: number;
  /** When it began to look for a replica: as it came, or when it was called out of the line for the primary. */
  readonly replicasSinceMs: number;
  /** The read waited in the line for the primary and was called out of it: when it is done, the next in line may start. */
  readonly calledOut: boolean;
  /** Nodes that gave no connection, or broke. */
  readonly tried: ReadonlySet<string>;
  readonly waited: boolean;
  /** The position that work under the read index has to see. Undefined: not asked for yet; null: the primary did not say. */
  readonly indexed: string | null | undefined;
  /** A read is repeated once; one that is a repetition is not. */
  readonly isRepetition: boolean;
}

export const PRIMARY = 'primary';

export const UNTRIED: ReadonlySet<string> = new Set();

export function newAttempt(
  of: Pick<ReadAttempt, 'state' | 'scope' | 'budget' | 'purpose'>,
  takenAt?: Whereabouts,
): ReadAttempt {
  const startedMs = performance.now();
  return {
    state: of.state,
    scope: of.scope,
    budget: of.budget,
    purpose: of.purpose,
    takenAt,
    startedMs,
    replicasSinceMs: startedMs,
    calledOut: false,
    tried: UNTRIED,
    waited: false,
    indexed: undefined,
    isRepetition: false,
  };
}

/** Whether it is on its way to a replica because the primary could not be reached. */
export function isInPlace({ state, tried }: ReadAttempt): boolean {
  return state.orReplica !== undefined && tried.has(PRIMARY);
}

/** Whether it has to know where the primary is before a replica may answer it. */
export function needsIndex(attempt: ReadAttempt): boolean {
  return attempt.state.indexed !== undefined && attempt.indexed === undefined && !isInPlace(attempt);
}

/** Whether what a replica has to have is where the primary was, and not its caller's own writes alone. */
export function positionIsIndexed(
  attempt: ReadAttempt,
): attempt is ReadAttempt & { readonly indexed: string } {
  return typeof attempt.indexed === 'string' && !isInPlace(attempt);
}

/** The position that a replica must have reached; empty: any replica will do. */
export function positionOf(attempt: ReadAttempt): string {
  return positionIsIndexed(attempt) ? attempt.indexed : (attempt.scope?.freshness.position ?? '');
}

/** The question to the routing policy. */
export function requestOf(attempt: ReadAttempt): RouteRequest {
  const { state, scope, waited } = attempt;
  const forced = attempt.indexed === null ? 'primary' : state.forced;
  return {
    target: 'read',
    forced: isInPlace(attempt) ? undefined : forced,
    inTransaction: scope !== undefined && scope.transactions > 0,
    stickyPrimary: scope !== undefined && scope.isPrimaryOnly,
    position: positionOf(attempt),
    waited,
    affinity: state.affinity,
  };
}
