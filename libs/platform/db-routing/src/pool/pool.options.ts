import type { ReplicationDialect } from '../engine/replication.dialect.js';

export interface NodePoolOptions {
  connections: number;
  /** Covers queueing, connecting and checking. */
  acquireDeadlineMs: number;
  connectTimeoutMs: number;
  /**
   * A statement that runs longer loses its connection, as does a stream for which nothing has come for so long while its
   * reader wanted more. The server itself ends what it still runs a second later; streams it does not.
   */
  queryTimeoutMs: number;
  /** Whether the server is told to end such a statement by itself as well. Costs it a timer for each statement. */
  limitOnServer: boolean;
  /** A connection that was idle for longer is asked for a sign of life before it is used. */
  idleCheckMs: number;
  /** Statements sent once on each new connection, before anything else uses it. */
  sessionSetup: readonly string[];
  dialect: ReplicationDialect;
}

/** What a pool has to tell; all synchronous and cheap. */
export interface PoolObserver {
  acquired?(waitedMs: number): void;
  /** Somebody got no connection. @param code of the error that he got instead */
  refused?(code: string): void;
  /** Also of a stream, whose reader has a part in how long it takes. */
  answered?(sql: string, durationMs: number): void;
  /** A statement has had no answer for a quarter of a second, or a connection could not be made: the node is worth a look. */
  suspicious?(): void;
}

export interface PoolStats {
  size: number;
  /** Out, and not yet returned. */
  used: number;
  idle: number;
  /** Callers that wait for one. */
  pending: number;
}
