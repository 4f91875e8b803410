export type Engine = 'mariadb' | 'mysql';

/** The part of mysql2's `ResultSetHeader` that is used: what the server says about the session after a statement. */
export interface OkPacket {
  stateChanges?: { systemVariables?: Record<string, string>; gtids?: readonly string[] } | null | undefined;
}

/** What a replica says about itself, all its source connections taken together: the worst kind, the largest lag. */
export type ReplicationStatus =
  | { kind: 'replicating'; lagMs: number }
  /** The applier runs, the receiver is not connected: only a heartbeat can say how old the data is. */
  | { kind: 'source-lost'; detail: string }
  /** Not a replica, a stopped applier, or a status that can't be read. */
  | { kind: 'broken'; detail: string };

export interface WaitStatement {
  sql: string;
  values: unknown[];
}

/**
 * What differs between MariaDB (10.5 and later) and MySQL (8.4) when an application routes reads to replicas.
 *
 * A position is the set of transactions that a server has, as text. Every position here is in canonical form, as
 * `parse`, `gtidOf` and `merge` give it: what a server or a client sent goes through `parse` first. The empty text is
 * the position before the first transaction.
 */
export interface ReplicationDialect {
  readonly engine: Engine;
  /** Sent once on each new connection: has the server tell the GTID of each commit in its OK packet. */
  readonly sessionSetup: readonly string[];
  /**
   * The GTID of the transaction that the statement of this OK packet committed, undefined when it names none. A
   * statement that answers with rows (`INSERT … RETURNING`) has no such packet, and no later one makes up for it;
   * that of `CALL` and of several statements at once is in mysql2's list of results.
   */
  gtidOf(packet: OkPacket): string | undefined;
  /**
   * The smallest position that covers both.
   * @throws RangeError on text that is not a position and so can't be merged
   */
  merge(a: string, b: string): string;
  /**
   * A position of bounded length that covers `position`: for one that travels, and to which its caller's writes are added
   * for hours.
   */
  bounded(position: string): string;
  /** Whether a server at `position` has every transaction of `wanted`; no when one of them is not a position. */
  covers(position: string, wanted: string): boolean;
  /** The canonical form of `text`, undefined when it is not a position of this engine. */
  parse(text: string): string | undefined;
  /** Asked of a replica: one row with its `position`, for `parse`. Needs no privilege. */
  readonly positionQuery: string;
  /** Asked of the primary: one row with the `position` of everything that is committed. Needs no privilege. */
  readonly committedQuery: string;
  /**
   * Asked of a replica: holds the connection until the replica covers `wanted`, at most `timeoutMs`. One row, whose
   * `reached` is 1 or 0, or that as text under `bigNumberStrings`. Needs no privilege.
   */
  waitQuery(wanted: string, timeoutMs: number): WaitStatement;
  /** Needs `REPLICA MONITOR` on MariaDB, `REPLICATION CLIENT` on MySQL. */
  readonly statusQuery: string;
  /** @param rows what `statusQuery` gave, one for each source connection */
  readStatus(rows: readonly Record<string, unknown>[]): ReplicationStatus;
}
