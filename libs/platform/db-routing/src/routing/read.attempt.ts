import type { ConsistencyState } from '../consistency/consistency.context.js';
import type { Whereabouts } from '../pool/whereabouts.js';
import type { RouteRequest } from './route.policy.js';

/** One read on its way to a connection. */
export interface ReadAttempt {
  readonly state: ConsistencyState;
  /** Where it was asked for, if that was noted. */
  readonly takenAt: Whereabouts | undefined;
  readonly startedMs: number;
  /** When it began to look for a replica: as it came, or when it was called out of the line for the primary. */
  readonly replicasSinceMs: number;
  /** It stood in that line: when it is done, the next one there may follow it. */
  readonly calledOut: boolean;
  /** Nodes that gave no connection, or broke. */
  readonly tried: ReadonlySet<string>;
  readonly waited: boolean;
  /** A read is repeated once; one that is a repetition is not. */
  readonly isRepetition: boolean;
}

export const PRIMARY = 'primary';

export const UNTRIED: ReadonlySet<string> = new Set();

export function newAttempt(state: ConsistencyState, takenAt?: Whereabouts): ReadAttempt {
  const startedMs = performance.now();
  return {
    state,
    takenAt,
    startedMs,
    replicasSinceMs: startedMs,
    calledOut: false,
    tried: UNTRIED,
    waited: false,
    isRepetition: false,
  };
}

/** What the policy is asked. */
export function requestOf({ state, tried, waited }: ReadAttempt): RouteRequest {
  const { scope } = state;
  const isInPlace = state.orReplica !== undefined && tried.has(PRIMARY);
  return {
    target: 'read',
    forced: isInPlace ? undefined : state.forced,
    inTransaction: scope !== undefined && scope.transactions > 0,
    stickyPrimary: scope !== undefined && scope.isPrimaryOnly,
    position: scope?.freshness.position ?? '',
    waited,
    affinity: state.affinity,
  };
}
