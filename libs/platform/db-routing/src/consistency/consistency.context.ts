import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { currentRequest } from '@fourfold/observability/request-context';
import type { ConsistencyScope } from './consistency.scope.js';
import { IndexedWork } from './read-index.js';

/** What the running code has asked of its reads. */
export interface ConsistencyState {
  readonly forced?: 'primary' | 'replica' | undefined;
  /** Its reads have to see all that was committed when it began. */
  readonly indexed?: IndexedWork | undefined;
  /** A replica may answer in place of a primary that can't be reached, and this is called when one does. */
  readonly orReplica?: (() => void) | undefined;
  readonly affinity?: string;
  /** Shared by everything that runs for one request or job. */
  readonly scope?: ConsistencyScope;
}

const storage = new AsyncLocalStorage<ConsistencyState>();
const NOTHING_ASKED: ConsistencyState = {};

const STATE = Symbol('consistency');
type Stated = object & { [STATE]?: ConsistencyState };

export function consistencyState(): ConsistencyState {
  return storage.getStore() ?? stateOf(currentRequest()) ?? NOTHING_ASKED;
}

/** Of a request that the running code works for: the state where none of the functions below has set one. */
export function stateOf(request: Stated | undefined): ConsistencyState | undefined {
  return request?.[STATE];
}

export function ofRequest(request: Stated, state: ConsistencyState): void {
  request[STATE] = state;
}

/** For work that must not be answered by a replica that is a moment behind. */
export interface FreshWorkOptions {
  /** Called each time that a replica answers in place of a primary that can't be reached. */
  orReplica?: () => void;
}

/**
 * Runs `work` with every read on the primary. For what is read to be acted upon. What is read to be kept may as well be read
 * by `useReadIndex`, which spares the primary.
 *
 * With `orReplica`, replicas answer while the primary can't be reached: any that will do for a read that has asked for
 * nothing, so one with a consistency token still sees its writes or fails. `orReplica` is called each time one does,
 * for its answer must then not be kept.
 */
export function usePrimary<T>(work: () => Promise<T>, { orReplica }: FreshWorkOptions = {}): Promise<T> {
  const asked = { forced: 'primary', indexed: undefined, orReplica: bound(orReplica) } as const;
  return storage.run({ ...consistencyState(), ...asked }, work);
}

/**
 * Runs `work` with reads that see everything that was committed when it began, on replicas. For reads whose answer is kept,
 * such as a cache fill under its lease: a replica that is a moment behind would make an old value last.
 *
 * At the first read on a cluster with replicas its primary is asked for its position, in one question for all such work that
 * waits just then; the reads go to a replica that has the position, or gets it within `consistency.waitMs`, and else to the
 * primary. So they do where the primary does not say, and then `orReplica` is as in `usePrimary`.
 */
export function useReadIndex<T>(work: () => Promise<T>, { orReplica }: FreshWorkOptions = {}): Promise<T> {
  const asked = { forced: undefined, indexed: new IndexedWork(), orReplica: bound(orReplica) };
  return storage.run({ ...consistencyState(), ...asked }, work);
}

/** It is called when a pool hands out a connection, which may be in the context of the one who gave it back. */
function bound(orReplica: (() => void) | undefined): (() => void) | undefined {
  return orReplica && AsyncResource.bind(orReplica);
}

/**
 * Runs `work` with every read on a replica, however old its answer may be: one that left the rotation for its lag will
 * do up to 10 s behind, and what the caller has written is not waited for. For reports, which must not cost the
 * primary anything. Only where no such replica is left does the primary answer.
 */
export function useReplica<T>(work: () => Promise<T>): Promise<T> {
  const asked = { forced: 'replica', indexed: undefined, orReplica: undefined } as const;
  return storage.run({ ...consistencyState(), ...asked }, work);
}

/**
 * Runs `work` with its reads on the replica that `key` belongs to, as long as that one is healthy: a reader that stays
 * on one replica sees time move forward only. Keys spread evenly.
 */
export function withAffinity<T>(key: string, work: () => Promise<T>): Promise<T> {
  return storage.run({ ...consistencyState(), affinity: key }, work);
}

/** Runs `work` as a request of its own: nothing asked before holds inside, nothing written inside is felt outside. */
export function runInScope<T>(scope: ConsistencyScope, work: () => T): T {
  return storage.run({ scope }, work);
}
