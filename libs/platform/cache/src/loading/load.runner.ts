import { bulkhead, BulkheadRejectedError, type IPolicy } from 'cockatiel';
import { LoadLimitError, LoadTimeoutError } from '../cache.errors.js';
import type { CacheMetrics } from '../cache.metrics.js';
import type { Namespace } from '../namespace.js';

/** Loads several things at once; an id that the answer lacks is absent. */
export type LoadMany<T = unknown> = (ids: string[]) => Promise<ReadonlyMap<string, T | null | undefined>>;

export interface LoadLimits {
  /** Deadline of one load, waiting for its turn included, milliseconds. */
  readonly timeoutMs: number;
  /** Loads at once where they are limited. */
  readonly atOnce: number;
  /** Loads that may wait for their turn. */
  readonly queued: number;
}

/**
 * Runs loaders: counted, with a deadline, and behind a limit when the caller says that nothing else spares the source.
 * A loader that was given up on runs on, but holds up nobody.
 */
export class LoadRunner {
  private readonly bulkhead: IPolicy;

  constructor(
    private readonly limits: LoadLimits,
    private readonly metrics: CacheMetrics,
  ) {
    this.bulkhead = bulkhead(limits.atOnce, limits.queued);
  }

  /** @throws what `loadMany` throws, LoadTimeoutError, or LoadLimitError */
  async run(
    namespace: Namespace,
    ids: string[],
    loadMany: LoadMany,
    limited: boolean,
  ): Promise<ReadonlyMap<string, unknown>> {
    const ended = this.metrics.loadStarted(namespace, ids.length);
    const late = Promise.withResolvers<never>();
    // Whoever races against it hears of it; by itself it bothers nobody.
    late.promise.catch(() => {});
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      late.reject(new LoadTimeoutError(namespace.name, ids, this.limits.timeoutMs));
    }, this.limits.timeoutMs).unref();
    const load = async (): Promise<ReadonlyMap<string, unknown>> =>
      isLate ? late.promise : Promise.race([loadMany(ids), late.promise]);
    try {
      const loaded = await (limited ? Promise.race([this.bulkhead.execute(load), late.promise]) : load());
      ended('ok');
      return loaded;
    } catch (error) {
      ended('error');
      throw error instanceof BulkheadRejectedError
        ? new LoadLimitError(namespace.name, ids, this.limits.atOnce)
        : error;
    } finally {
      clearTimeout(timer);
    }
  }
}
