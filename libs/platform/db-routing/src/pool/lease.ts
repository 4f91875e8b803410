import type { TimeBudget } from '@fourfold/kernel';
import type { PoolConnection } from 'mysql2';
import type { CommitListener } from './commit.watch.js';
import type { Whereabouts } from './whereabouts.js';

export type ConnectionCallback = (error: Error | null, connection?: PoolConnection) => void;

/** The terms on which a connection is out. */
export interface Lease {
  /** The connection was asked for to read: statements that write or lock are refused, on whichever node. */
  readonly readOnly: boolean;
  readonly listener?: (CommitListener & { transactions: number }) | undefined;
  /** Of the request that it is for: once that is over nothing more is sent, and what runs is ended. */
  readonly budget?: TimeBudget | undefined;
  /** Why the router chose this node. */
  readonly reason?: string | undefined;
  /** Where it was asked for, if that was noted. */
  readonly takenAt?: Whereabouts | undefined;
  /** Called once, when the connection is back or lost. */
  readonly returned?: (() => void) | undefined;
  /** Gives a connection to another node than `failed`, for a read whose connection broke before any row came. */
  readonly elsewhere?: ((failed: string, callback: ConnectionCallback) => void) | undefined;
}
