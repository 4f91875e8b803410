import type { ReplicationDialect } from '../engine/replication.dialect.js';

/**
 * How new a read has to be for a caller to see what it has written. Crosses requests and processes inside a
 * `ConsistencyToken`.
 */
export interface Freshness {
  /** GTIDs of the caller's writes, merged; empty when none is known. */
  readonly position: string;
  /** Until then only the primary will do, for a write whose GTID is not known. Milliseconds since the epoch; 0: never. */
  readonly primaryUntilMs: number;
}

export const ANY_AGE: Freshness = { position: '', primaryUntilMs: 0 };

/** The least that is as new as both ask for. Their positions have to be in the dialect's canonical form. */
export function mergeFreshness(dialect: ReplicationDialect, a: Freshness, b: Freshness): Freshness {
  return {
    position: dialect.merge(a.position, b.position),
    primaryUntilMs: Math.max(a.primaryUntilMs, b.primaryUntilMs),
  };
}

/** The same of clusters beside the default one, by their names. What is listed for one is still to be merged. */
export type Elsewhere = Readonly<Record<string, readonly Freshness[]>>;
