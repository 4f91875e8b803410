import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { bulkhead, BulkheadRejectedError, type IPolicy } from 'cockatiel';
import { LoadLimitError, LoadTimeoutError } from '../cache.errors.js';
import type { CacheMetrics } from '../cache.metrics.js';
import { throughLoader } from '../cache.spans.js';
import type { Namespace } from '../namespace.js';
import { watchedForOld } from './old-values.js';

/** Loads several things at once; an id that the answer lacks is absent. */
export type LoadMany<T = unknown> = (ids: string[]) => Promise<ReadonlyMap<string, T | null | undefined>>;

export interface LoadLimits {
  /** Deadline of one load, waiting for its turn included, milliseconds. */
  readonly timeoutMs: number;
  /** Loads at once while both levels are in use. */
  readonly atOnce: number;
  /** Loads at once while they are not: nothing else spares the source then. */
  readonly atOnceWhileAway: number;
  /** Loads that may wait for their turn, in each of the two cases. */
  readonly queued: number;
}

/** Batches that are loaded at once behind the callers' backs, and those that may wait. */
const BEHIND = { atOnce: 2, queued: 1_000 };

interface Load {
  isOver: boolean;
}

/**
 * Runs loaders: counted, with a deadline, and so many at once. A loader that was given up on runs on, but holds up no other.
 * A load that another load asks for runs in its place: if it had to wait for a place of its own, loads that hold all
 * places could wait for one another.
 */
export class LoadRunner {
  private readonly inUse: IPolicy;
  private readonly away: IPolicy;
  private readonly background = bulkhead(BEHIND.atOnce, BEHIND.queued);
  private readonly outer = new AsyncLocalStorage<Load>();

  /** @param isInUse whether both levels of the cache are in use. */
  constructor(
    private readonly limits: LoadLimits,
    private readonly isInUse: () => boolean,
    private readonly metrics: CacheMetrics,
  ) {
    this.inUse = bulkhead(limits.atOnce, limits.queued);
    this.away = bulkhead(limits.atOnceWhileAway, limits.queued);
  }

  /**
   * Runs work that no caller waits for in one of a few places of its own: the loads in it take none of the others.
   * @throws what `work` throws, or BulkheadRejectedError
   */
  async behind(work: () => Promise<void>): Promise<void> {
    await this.background.execute(async () => {
      const self: Load = { isOver: false };
      await this.outer.run(self, work).finally(() => (self.isOver = true));
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
    const ended = this.metrics.loadStarted(namespace, ids.length);
    const late = Promise.withResolvers<never>();
    // The races below hear of its rejection; by itself it must not count as unhandled.
    late.promise.catch(() => {});
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      late.reject(new LoadTimeoutError(namespace.name, ids, this.limits.timeoutMs));
    }, this.limits.timeoutMs).unref();
    const self: Load = { isOver: false };
    const load = async (): Promise<{ loaded: ReadonlyMap<string, unknown>; mayBeOld: boolean }> =>
      isLate
        ? late.promise
        : Promise.race([
            this.outer.run(self, () =>
              watchedForOld(() => throughLoader(namespace.name, ids.length, () => loadMany(ids))),
            ),
            late.promise,
          ]);
    const isInner = this.outer.getStore()?.isOver === false;
    const isLimited = isAway || !this.isInUse();
    // One that stood in line is begun by the one before it, and is still its own caller's.
    const inTurn = (place: IPolicy) => place.execute(AsyncResource.bind(load));
    try {
      const place = isLimited ? this.away : this.inUse;
      const outcome = await (isInner ? load() : Promise.race([inTurn(place), late.promise]));
      ended('ok');
      return outcome;
    } catch (error) {
      ended('error');
      throw error instanceof BulkheadRejectedError
        ? new LoadLimitError(
            namespace.name,
            ids,
            isLimited ? this.limits.atOnceWhileAway : this.limits.atOnce,
          )
        : error;
    } finally {
      self.isOver = true;
      clearTimeout(timer);
    }
  }
}
