import type { CachePolicy } from '../cache-policy.js';
import type { FillPermit } from '../l1/l1.store.js';
import type { LeaseKey } from '../l2/lease-commands.js';
import type { Namespace } from '../namespace.js';
import type { LoadMany } from './load.runner.js';

/** Keys that are read, loaded and filled together: more would hold up the process, Redis and the source for too long. */
export const MOST_AT_ONCE = 200;

/** What a call wants: the same for each of its ids. */
export interface Reading {
  readonly namespace: Namespace;
  readonly policy: CachePolicy;
  readonly loadMany: LoadMany;
  /** Told of a value in the last part of its TTL. */
  readonly onNearEnd: (id: string) => void;
}

/** One id of a reading. */
export interface Wanted extends LeaseKey {
  readonly id: string;
  /** Of L1, from before anything was read. */
  readonly permit: FillPermit;
  /** Redis was not there to be read. */
  readonly isAway?: boolean;
  /** Of a lease. Without one the value is loaded and handed out, but not stored in Redis. */
  readonly token?: string;
}
