import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

export interface StatementInHand {
  readonly sql: string;
  readonly limitMs: number;
  /** To end it would leave unknown what became of all before it. */
  readonly isCommit?: boolean;
}

/**
 * The statements that a connection was sent and that are not answered yet, and for how long the server has been at the
 * first of them, or its holder has asked for nothing. Milliseconds by `performance.now()`.
 */
export class WorkInHand {
  /** Whose rows are read as they come. */
  readonly streams = new Set<EventEmitter>();
  /** Rows of streams that their readers have taken. */
  private rows = 0;
  lastSql = '';
  /** In the order in which the server answers them. */
  private readonly statements: StatementInHand[] = [];
  private headSinceMs = 0;
  private heard = { bytes: 0, atMs: 0 };
  private taken = { rows: 0, atMs: 0 };

  constructor(private readonly socket: Socket) {}

  get isEmpty(): boolean {
    return this.statements.length === 0;
  }

  /** The statement that the server is running. */
  get current(): StatementInHand | undefined {
    return this.statements[0];
  }

  /** Another holder has the connection. */
  restart(nowMs: number): void {
    this.headSinceMs = nowMs;
    this.lastSql = '';
  }

  begin(statement: StatementInHand): void {
    if (this.isEmpty) this.headSinceMs = performance.now();
    this.statements.push(statement);
    this.lastSql = statement.sql;
  }

  /** @returns how long it took, from the moment that it was the connection's next */
  end(): number {
    this.statements.shift();
    const sinceMs = this.headSinceMs;
    this.headSinceMs = performance.now();
    return this.headSinceMs - sinceMs;
  }

  /** Follows a stream to its end. @param settled is called once: the driver tells of an end after an error as well */
  follow(command: EventEmitter, settled: (error: Error | undefined, lastResult: unknown) => void): void {
    this.streams.add(command);
    let last: unknown;
    command.on('result', (row: unknown) => {
      this.rows += 1;
      last = row;
    });
    const settle = (error?: Error) => {
      if (this.streams.delete(command)) settled(error, last);
    };
    command.on('error', settle);
    command.on('end', () => settle());
  }

  /**
   * How long the statement in hand has been running; 0 without one. A stream may run for as long as rows come, or as its
   * reader does not want any: the driver pauses the socket then. What counts is how long the server has been silent,
   * to the interval at which this is asked.
   */
  runningMs(nowMs: number): number {
    if (this.isEmpty) return 0;
    if (this.streams.size === 0) return nowMs - this.headSinceMs;
    const { bytesRead } = this.socket;
    if (bytesRead !== this.heard.bytes || this.socket.isPaused())
      this.heard = { bytes: bytesRead, atMs: nowMs };
    return nowMs - Math.max(this.headSinceMs, this.heard.atMs);
  }

  /**
   * How long the server has had nothing to do while its holder sent nothing and took no row; to the interval at which this
   * is asked.
   */
  idleMs(nowMs: number): number {
    if (this.isEmpty) return nowMs - this.headSinceMs;
    const waitsForReader = this.streams.size > 0 && this.socket.isPaused();
    if (!waitsForReader || this.rows !== this.taken.rows) this.taken = { rows: this.rows, atMs: nowMs };
    return nowMs - this.taken.atMs;
  }
}
