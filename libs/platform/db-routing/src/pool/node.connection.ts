import type { PoolConnection, QueryError } from 'mysql2';
import { isRecorded } from '@fourfold/observability/tracing';
import { connectionFaultOf, isReadOnlyServer } from '../driver-error.js';
import type { ReplicationDialect } from '../engine/replication.dialect.js';
import { QueryTimeoutError, WriteOnReadConnectionError } from '../errors.js';
import { CommitWatch } from './commit.watch.js';
import type { ConnectionCallback, Lease } from './lease.js';
import { type Answer, type Call, type Send } from './statement.call.js';
import { HeldConnection, type Keeper } from './held.connection.js';
import { streamOf } from './open-connection.js';
import type { Reclaimed } from './pool.options.js';
import { changesSchema, type StatementKind, statementKind } from './statement.kind.js';
import { limitStatements, withQueryTimeout } from './statement.limit.js';
import { beginStatement, type Destination, withStatementSpan } from './statement.span.js';
import type { AcquireRequest } from './waiter.js';

export interface NodeConnectionOptions {
  dialect: ReplicationDialect;
  /** Of the pool, when the connection was begun. */
  generation: number;
  /** For a statement whose caller says nothing else. */
  queryTimeoutMs: number;
  /** By `performance.now()`: it is not lent any more. */
  expiresMs: number;
}

/** What a pool hears of its connections. */
export interface ConnectionHost {
  readonly node: string;
  released(connection: NodeConnection): void;
  /**
   * A server that is no primary any more refused what came by this connection.
   * @returns whether another connection may lead to a better one
   */
  demoted(connection: NodeConnection): boolean;
  acquire(request: AcquireRequest, callback: ConnectionCallback): void;
  /** It can't be used any more. */
  lost(connection: NodeConnection): void;
  /** @param durationMs from the moment the statement was the connection's next */
  answered(sql: string, durationMs: number): void;
}

interface StatementInHand {
  readonly sql: string;
  readonly limitMs: number;
}

const CLOSE_DEADLINE_MS = 2_000;

/**
 * One connection of a pool. The `query`, `execute`, `release` and `destroy` of what its holder gets lead here, so that
 * each statement is timed, refused where it does not belong, read for its GTID, and repeated elsewhere when that is safe.
 */
export class NodeConnection implements Keeper {
  lastUsedMs = performance.now();
  readonly generation: number;
  readonly expiresMs: number;
  private readonly commits: CommitWatch;
  private holder: HeldConnection | undefined;
  /** In the order in which the server answers them. */
  private readonly inHand: StatementInHand[] = [];
  private readonly streams = new Set<NodeJS.EventEmitter>();
  private headSinceMs = 0;
  private heard = { bytes: 0, atMs: 0 };
  /** Rows of streams that their readers have taken. */
  private rows = 0;
  private taken = { rows: 0, atMs: 0 };
  private lastSql = '';
  private lastTimeoutMs = 0;
  private dead = false;

  constructor(
    readonly raw: PoolConnection,
    private readonly host: ConnectionHost,
    private readonly options: NodeConnectionOptions,
  ) {
    this.generation = options.generation;
    this.expiresMs = options.expiresMs;
    this.commits = new CommitWatch(options.dialect);
    const stream = streamOf(raw);
    stream.on('end', () => this.lose());
    stream.on('close', () => this.lose());
  }

  /** Whether the next holder may have it: nothing is running, and no transaction is open. */
  get clean(): boolean {
    return !this.dead && this.isQuiet && !this.commits.inTransaction;
  }

  /**
   * How long the statement in hand has been running; 0 without one. A stream may run for as long as rows come, or as its
   * reader does not want any: the driver pauses the socket then. What counts is how long the server has been silent,
   * to the interval at which this is asked.
   */
  runningMs(nowMs: number): number {
    if (this.isQuiet) return 0;
    if (this.streams.size === 0) return nowMs - this.headSinceMs;
    const socket = streamOf(this.raw);
    const { bytesRead } = socket;
    if (bytesRead !== this.heard.bytes || socket.isPaused()) this.heard = { bytes: bytesRead, atMs: nowMs };
    return nowMs - Math.max(this.headSinceMs, this.heard.atMs);
  }

  /** What the server is at. */
  get current(): StatementInHand | undefined {
    return this.inHand[0];
  }

  private get isQuiet(): boolean {
    return this.inHand.length === 0;
  }

  /**
   * How long the server has had nothing to do while its holder sent nothing and took no row; to the interval at which this
   * is asked.
   */
  idleMs(nowMs: number): number {
    if (this.isQuiet) return nowMs - this.headSinceMs;
    const waitsForReader = this.streams.size > 0 && streamOf(this.raw).isPaused();
    if (!waitsForReader || this.rows !== this.taken.rows) this.taken = { rows: this.rows, atMs: nowMs };
    return nowMs - this.taken.atMs;
  }

  /** @param limitMs longer where the holder's statements were allowed to take longer */
  isAbandoned(nowMs: number, limitMs: number): boolean {
    return this.idleMs(nowMs) > Math.max(limitMs, this.lastTimeoutMs);
  }

  /** Closes it in the hands of its holder. */
  reclaim(nowMs: number): Reclaimed {
    const { lastSql, commits, holder } = this;
    const { readOnly = false, takenAt } = holder?.lease ?? {};
    const idleMs = this.idleMs(nowMs);
    const reclaimed = { idleMs, readOnly, inTransaction: commits.inTransaction, lastSql, takenAt };
    this.abort(this.deathOf());
    return reclaimed;
  }

  lend(lease: Lease, nowMs: number): PoolConnection {
    this.headSinceMs = nowMs;
    this.lastTimeoutMs = 0;
    this.holder = new HeldConnection(this.raw, this, lease);
    return this.holder as unknown as PoolConnection;
  }

  heldBy(held: HeldConnection): void {
    this.holder = held;
  }

  /** Ends the terms on which it is out; a transaction left open is its holder's no more. */
  endLease(): Lease | undefined {
    const lease = this.holder?.lease;
    if (lease?.listener && this.commits.inTransaction) lease.listener.transactions -= 1;
    this.holder = undefined;
    this.lastSql = '';
    return lease;
  }

  released(held: HeldConnection): void {
    if (held === this.holder) this.host.released(this);
  }

  /** Ends it at once: a polite goodbye would leave the statement in hand waiting for a server that is frozen. */
  abort(reason: Error): void {
    // Streams hear of it first: the driver tells statements in a row the moment that the socket breaks.
    this.lose(reason);
    streamOf(this.raw).destroy(reason);
  }

  /** Says goodbye after the statement in hand, and does not wait for a server that has gone silent. */
  close(): void {
    const impatient = setTimeout(() => this.abort(new Error('No answer to a goodbye')), CLOSE_DEADLINE_MS);
    streamOf(this.raw).once('close', () => clearTimeout(impatient));
    this.raw.end(() => {});
  }

  run(call: Call): unknown {
    const { held, statement } = call;
    const sql = typeof statement === 'string' ? statement : statement.sql;
    const kind = statementKind(sql);
    const refusal = this.refusalOf(held, kind);
    if (refusal) {
      if (!call.answer) throw refusal;
      process.nextTick(call.answer, refusal);
      return undefined;
    }
    const standsAlone = held.onlyReads && !this.commits.inTransaction;
    if (kind !== 'read') held.onlyReads = false;
    if (!call.answer) return this.runStream(call, kind, sql);
    const answer = isRecorded() ? withStatementSpan(call.answer, sql, this.destinationOf(held)) : call.answer;

    const endless = kind === 'write' && changesSchema(sql);
    const limitMs = endless ? Infinity : this.limitOf(call);
    this.begin({ sql, limitMs }, limitMs);
    return this.send(call, (error, result, fields) => {
      this.answered(sql);
      if (error && isReadOnlyServer(error)) this.turnedAway(error, call, answer, standsAlone);
      else if (error) this.refused(error, kind, call, answer);
      else {
        if (kind !== 'read') this.succeeded(kind, result, held.lease);
        answer(null, result, fields);
      }
    });
  }

  private destinationOf({ lease }: HeldConnection): Destination {
    return { node: this.host.node, reason: lease.reason };
  }

  private limitOf({ timeoutMs }: Call): number {
    this.lastTimeoutMs = timeoutMs ?? 0;
    return timeoutMs ?? this.options.queryTimeoutMs;
  }

  private begin(statement: StatementInHand, limitOnServerMs: number): void {
    if (this.isQuiet) this.headSinceMs = performance.now();
    this.inHand.push(statement);
    this.lastSql = statement.sql;
    limitStatements(this.raw, limitOnServerMs);
  }

  private answered(sql: string): void {
    this.inHand.shift();
    const nowMs = performance.now();
    this.host.answered(sql, nowMs - this.headSinceMs);
    this.headSinceMs = nowMs;
  }

  private send({ method, statement, values }: Call, answer?: Answer): unknown {
    const raw = this.raw as unknown as Record<Call['method'], Send>;
    return raw[method](statement, values, answer);
  }

  private refusalOf(held: HeldConnection, kind: StatementKind): Error | undefined {
    if (held.isOver) return new Error(`The connection to ${this.host.node} was released already`);
    if (held.lease.readOnly && (kind === 'write' || kind === 'locking-read'))
      return new WriteOnReadConnectionError(this.host.node, kind);
    return undefined;
  }

  private refused(error: QueryError, kind: StatementKind, call: Call, answer: Answer): void {
    const { lease, onlyReads } = call.held;
    const broken = connectionFaultOf(error) !== undefined && !(error instanceof QueryTimeoutError);
    this.failed(kind, error, lease);
    if (broken && onlyReads && lease.elsewhere) this.repeat(lease.elsewhere, call, error, answer);
    else answer(error);
  }

  /**
   * Nothing was done: what stands for itself is run again, once, on a connection that leads to the primary of now, and
   * that connection is its holder's from then on. For a transaction only who began it can do so.
   */
  private turnedAway(error: QueryError, call: Call, answer: Answer, standsAlone: boolean): void {
    const { held } = call;
    // A replica is meant to be read-only: what wrote there by way of a read is its sender's mistake.
    const mayLeadElsewhere = !held.lease.readOnly && this.host.demoted(this);
    if (!mayLeadElsewhere || !standsAlone || call.isRepetition || held !== this.holder || !this.isQuiet) {
      answer(error);
      return;
    }
    this.host.released(this);
    this.host.acquire({ lease: held.lease }, (_failure, connection) => {
      if (!connection || held.isOver) {
        connection?.release();
        answer(error);
        return;
      }
      held.moveTo(connection as unknown as HeldConnection);
      held.onlyReads = true;
      held.run({ ...call, isRepetition: true });
    });
  }

  /** The driver does not tell a stream that its connection broke: the stream's reader would wait for ever. */
  private runStream(call: Call, kind: StatementKind, sql: string): unknown {
    if (this.dead) throw this.deathOf();
    // For the server a reader's pauses are part of the statement, so its own limit does not fit a stream.
    this.begin({ sql, limitMs: this.limitOf(call) }, Infinity);
    const span = isRecorded() ? beginStatement(sql, this.destinationOf(call.held)) : undefined;
    const command = this.send(call) as NodeJS.EventEmitter;
    this.streams.add(command);
    let result: unknown;
    command.on('result', (row: unknown) => {
      this.rows += 1;
      result = row;
    });
    const settle = () => {
      this.streams.delete(command);
      span?.end();
      this.answered(sql);
    };
    // The driver tells of an end after an error as well.
    command.on('error', (error: Error) => {
      if (!this.streams.has(command)) return;
      settle();
      this.failed(kind, error, call.held.lease);
    });
    command.on('end', () => {
      if (!this.streams.has(command)) return;
      settle();
      if (kind !== 'read') this.succeeded(kind, result, call.held.lease);
    });
    return command;
  }

  private succeeded(kind: StatementKind, result: unknown, lease: Lease): void {
    const before = this.commits.inTransaction;
    this.commits.succeeded(kind, result, lease.listener);
    this.countTransaction(before, lease);
  }

  private failed(kind: StatementKind, error: Error, lease: Lease): void {
    if (connectionFaultOf(error) === undefined && !(error instanceof QueryTimeoutError)) return;
    const before = this.commits.inTransaction;
    this.commits.brokeDuring(kind, lease.listener);
    this.countTransaction(before, lease);
    this.abort(error);
  }

  private countTransaction(before: boolean, lease: Lease): void {
    const change = Number(this.commits.inTransaction) - Number(before);
    if (this.holder && lease.listener) lease.listener.transactions += change;
  }

  private repeat(
    elsewhere: NonNullable<Lease['elsewhere']>,
    { method, statement, values, timeoutMs = this.options.queryTimeoutMs }: Call,
    cause: QueryError,
    answer: Answer,
  ): void {
    elsewhere(this.host.node, (_error, connection) => {
      if (!connection) {
        // TypeORM wraps what comes from a connection; that it was the connection, its callers can tell.
        answer(cause);
        return;
      }
      withQueryTimeout(timeoutMs, () =>
        (connection[method] as Send)(statement, values, (...outcome: Parameters<Answer>) => {
          connection.release();
          answer(...outcome);
        }),
      );
    });
  }

  private lose(reason?: Error): void {
    if (this.dead) return;
    this.dead = true;
    for (const stream of [...this.streams])
      process.nextTick(() => this.streams.has(stream) && stream.emit('error', this.deathOf(reason)));
    this.host.lost(this);
  }

  private deathOf(reason?: Error): Error {
    const lost = { code: 'PROTOCOL_CONNECTION_LOST', fatal: true };
    return reason ?? Object.assign(new Error(`The connection to ${this.host.node} was lost`), lost);
  }
}
