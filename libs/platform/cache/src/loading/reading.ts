import type { CacheKey } from '../cache-key.js';
import type { CachePolicy } from '../cache-policy.js';
import type { FillPermit } from '../l1/l1.store.js';
import type { LookCounts, Namespace } from '../namespace.js';

/** Loads several things at once; an id that the answer lacks is absent. */
export type LoadMany<T = unknown> = (ids: string[]) => Promise<ReadonlyMap<string, T | null | undefined>>;

/** Keys that are read, loaded and filled together: more would hold up the process, Redis and the source for too long. */
export const MOST_AT_ONCE = 200;

/** What a call wants: the same for each of its ids. */
export interface Reading {
  readonly namespace: Namespace;
  readonly policy: CachePolicy;
  readonly loadMany: LoadMany;
  /** What the call finds is counted here. */
  readonly looks: LookCounts;
  /** Whether a value near its end is loaded anew behind the call. */
  readonly refreshes: boolean;
}

/** One id of a reading. */
export interface Wanted {
  readonly id: string;
  readonly key: CacheKey;
  /** Of L1, from before anything was read. */
  readonly permit: FillPermit;
  /** Redis was not there to be read. */
  readonly isAway?: boolean;
  /** Of a lease. Without one the value is loaded and handed out, but not stored in Redis. */
  readonly token?: string;
}
