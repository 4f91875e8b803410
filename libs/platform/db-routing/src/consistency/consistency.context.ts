import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import type { ConsistencyScope } from './consistency.scope.js';

/** What the running code has asked of its reads. */
export interface ConsistencyState {
  readonly forced?: 'primary' | 'replica';
  /** With `forced: 'primary'`: a replica may answer while the primary can't be reached, and this is called when one does. */
  readonly orReplica?: (() => void) | undefined;
  readonly affinity?: string;
  /** Shared by everything that runs for one request or job. */
  readonly scope?: ConsistencyScope;
}

const storage = new AsyncLocalStorage<ConsistencyState>();
const NOTHING_ASKED: ConsistencyState = {};

export function consistencyState(): ConsistencyState {
  return storage.getStore() ?? NOTHING_ASKED;
}

/**
 * Runs `work` with every read on the primary. For reads whose answer is kept (a cache fill) or acted upon, where a
 * replica that is a moment behind would make an old value last.
 *
 * With `orReplica`, replicas answer while the primary can't be reached: any that will do for a read that has asked for
 * nothing, so one with a consistency token still sees its writes or fails. `orReplica` is called each time one does,
 * for its answer must then not be kept.
 */
export function usePrimary<T>(
  work: () => Promise<T>,
  { orReplica }: { orReplica?: () => void } = {},
): Promise<T> {
  // It is called when a pool hands out a connection, which may be in the context of the one who gave it back.
  const told = orReplica && AsyncResource.bind(orReplica);
  return storage.run({ ...consistencyState(), forced: 'primary', orReplica: told }, work);
}

/**
 * Runs `work` with every read on a replica, however old its answer may be: one that left the rotation for its lag will
 * do up to 10 s behind, and what the caller has written is not waited for. For reports, which must not cost the
 * primary anything. Only where no such replica is left does the primary answer.
 */
export function useReplica<T>(work: () => Promise<T>): Promise<T> {
  return storage.run({ ...consistencyState(), forced: 'replica', orReplica: undefined }, work);
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
