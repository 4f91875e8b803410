import type { ReplicationDialect } from '../engine/replication.dialect.js';
import type { Whereabouts } from './whereabouts.js';

export interface NodePoolOptions {
  connections: number;
  /** Covers queueing, connecting and checking. */
  acquireDeadlineMs: number;
  connectTimeoutMs: number;
  /**
   * The server ends a statement that runs longer, and its connection is as good as before. One that has no answer a second
   * later loses its connection, as does a stream for which nothing has come for so long while its reader wanted more.
   * Statements that change the schema have no limit, and `withQueryTimeout` gives others another one.
   */
  queryTimeoutMs: number;
  /**
   * A connection whose holder has sent nothing, and taken no row of a stream, for so long is closed, which ends its
   * transaction. One that was lost, such as by a `release` while it was still being made, is had back in this way.
   */
  idleLeaseMs: number;
  /**
   * A connection that is older is closed when no caller has it, up to a fifth sooner or later, so that those that were
   * opened together are not closed together.
   */
  maxLifetimeMs: number;
  /** A connection that was idle for longer is closed. `Infinity`: none is closed for that. */
  maxIdleMs: number;
  /** A connection that was idle for longer is asked for a sign of life before it is used. */
  idleCheckMs: number;
  /** Statements sent once on each new connection, before anything else uses it. */
  sessionSetup: readonly string[];
  dialect: ReplicationDialect;
}

/** A connection whose holder did nothing with it. */
export interface Reclaimed {
  idleMs: number;
  readOnly: boolean;
  inTransaction: boolean;
  /** What it was last used for; empty when it was not used at all. */
  lastSql: string;
  takenAt: Whereabouts | undefined;
}

/** What a pool has to tell; all synchronous and cheap. */
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
