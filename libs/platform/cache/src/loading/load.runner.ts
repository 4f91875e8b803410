import { AsyncResource } from 'node:async_hooks';
import { currentBudget, runWithin } from '@fourfold/observability/request-context';
import { tracingOn } from '@fourfold/observability/tracing';
import { bulkhead, BulkheadRejectedError, type IPolicy } from 'cockatiel';
import { LoadLimitError, LoadTimeoutError } from '../cache.errors.js';
import { throughLoader } from '../cache.spans.js';
import type { Namespace } from '../namespace.js';
import { currentLoad, type Load } from './load.context.js';
import type { LoadMany } from './reading.js';

export interface LoadLimits {
  /** Deadline of one load, waiting for its turn included, milliseconds. */
  readonly loadTimeoutMs: number;
  /** Loads at once while both levels are in use. */
  readonly maxLoads: number;
  /** Loads at once while they are not: nothing else spares the source then. */
  readonly maxLoadsWhileAway: number;
  /** Loads that may wait for their turn, in each of the two cases. */
  readonly maxQueuedLoads: number;
}

/** Told of a load of so many keys; what it gives is told of the end. */
export type LoadStarted = (namespace: Namespace, keys: number) => (outcome: 'ok' | 'error') => void;

/** Batches that are loaded at once behind the callers' backs, and those that may wait. */
const BEHIND = { atOnce: 2, queued: 1_000 };

/**
 * Runs loaders: counted, with a deadline, and so many at once. A loader that was given up on runs on, but holds up no other.
 * A load that another load asks for runs in its place: if it had to wait for a place of its own, loads that hold all
 * places could wait for one another.
 */
export class LoadRunner {
  private readonly inUse: IPolicy;
  private readonly away: IPolicy;
  private readonly background = bulkhead(BEHIND.atOnce, BEHIND.queued);

  /** @param isInUse whether both levels of the cache are in use. */
  constructor(
    private readonly limits: LoadLimits,
    private readonly isInUse: () => boolean,
    private readonly loadStarted: LoadStarted,
  ) {
    this.inUse = bulkhead(limits.maxLoads, limits.maxQueuedLoads);
    this.away = bulkhead(limits.maxLoadsWhileAway, limits.maxQueuedLoads);
  }

  /**
   * Runs work that no caller waits for in one of a few places of its own: the loads in it take none of the others.
   * @throws what `work` throws, or BulkheadRejectedError
   */
  async behind(work: () => Promise<void>): Promise<void> {
    await this.background.execute(async () => {
      const self: Load = { isOver: false, mayBeOld: false };
      await runWithin(undefined, () => currentLoad.run(self, work)).finally(() => (self.isOver = true));
    });
  }

  /**
   * @param isAway Redis could not be read for it.
   * @returns with what was loaded whether it may be old.
   * @throws what `loadMany` throws, LoadTimeoutError, or LoadLimitError
   */
  async run(
    namespace: Namespace,
    ids: string[],
    loadMany: LoadMany,
    isAway: boolean,
  ): Promise<{ loaded: ReadonlyMap<string, unknown>; mayBeOld: boolean }> {
    const { loadTimeoutMs, maxLoads, maxLoadsWhileAway } = this.limits;
    const isInner = currentLoad.getStore()?.isOver === false;
    const isLimited = isAway || !this.isInUse();
    const budget = currentBudget();
    const ended = this.loadStarted(namespace, ids.length);
    const self: Load = { isOver: false, mayBeOld: false };
    const late = Promise.withResolvers<never>();
    // The races below hear of its rejection; by itself it must not count as unhandled.
    late.promise.catch(() => {});
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      late.reject(new LoadTimeoutError(namespace.name, ids, loadTimeoutMs));
    }, loadTimeoutMs).unref();
    const load = async (): Promise<ReadonlyMap<string, unknown>> => {
      if (isLate) return late.promise;
      const over = budget?.failure();
      if (over) throw over;
      const traced = tracingOn ? throughLoader(namespace.name, loadMany) : loadMany;
      return Promise.race([currentLoad.run(self, traced, ids), late.promise]);
    };
    const place = isLimited ? this.away : this.inUse;
    try {
      // One that stood in line is begun by the one before it, and is still its own caller's.
      const loading = isInner ? load() : place.execute(AsyncResource.bind(load));
      const loaded = await Promise.race([loading, late.promise]);
      ended('ok');
      return { loaded, mayBeOld: self.mayBeOld };
    } catch (error) {
      ended('error');
      const limit = isLimited ? maxLoadsWhileAway : maxLoads;
      throw error instanceof BulkheadRejectedError ? new LoadLimitError(namespace.name, ids, limit) : error;
    } finally {
      self.isOver = true;
      clearTimeout(timer);
    }
  }
}
