import type { CompleteOptions } from '../db-routing.options.js';
import type { ReplicationDialect } from '../engine/replication.dialect.js';
import type { Whereabouts } from './whereabouts.js';

/** Options of the cluster that each of its pools takes over. */
type SharedOptions = Pick<
  CompleteOptions,
  'connectTimeoutMs' | 'queryTimeoutMs' | 'idleLeaseMs' | 'idleCheckMs' | 'maxLifetimeMs'
>;

export interface NodePoolOptions extends SharedOptions {
  connections: number;
  /** Covers queueing, connecting and checking. */
  acquireDeadlineMs: number;
  /** Callers in line, beside those for whom a connection is being made. Default: twice as many as the connections. */
  mostWaiting?: number | undefined;
  /** A connection that was idle for longer is closed. `Infinity`: none is closed for that. */
  maxIdleMs: number;
  /** Statements sent once on each new connection, before anything else uses it. */
  sessionSetup: readonly string[];
  /** The dependency that errors name. Default: the main database. */
  dependency?: string | undefined;
  dialect: ReplicationDialect;
}

/** A connection whose holder did nothing with it. */
export interface Reclaimed {
  idleMs: number;
  readOnly: boolean;
  inTransaction: boolean;
  /** The last statement that the holder sent; empty when it sent none. */
  lastSql: string;
  takenAt: Whereabouts | undefined;
}

/** Callbacks for what happens in a pool: each has to be synchronous and cheap. */
export interface PoolObserver {
  acquired?(waitedMs: number): void;
  /** A caller got no connection. @param code of the error that it got instead */
  refused?(code: string): void;
  /** Also of a stream, whose reader has a part in how long it takes. */
  answered?(sql: string, durationMs: number): void;
  /** A connection was taken back from its holder. */
  reclaimed?(lease: Reclaimed): void;
  /** A statement has had no answer for a quarter of a second, or a connection could not be made: the node is worth a look. */
  suspicious?(): void;
  /** The server refused a write, since it is no primary any more: connections from before are not used again. */
  demoted?(): void;
}

export interface PoolStats {
  size: number;
  /** Out, and not yet returned. */
  used: number;
  idle: number;
  /** Callers that wait for one. */
  pending: number;
}
