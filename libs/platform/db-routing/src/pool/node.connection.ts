import type { PoolConnection, QueryError } from 'mysql2';
import { isGivenUp } from '@fourfold/kernel';
import { isRecorded } from '@fourfold/observability/tracing';
import { connectionFaultOf, isReadOnlyServer } from '../driver-error.js';
import type { ReplicationDialect } from '../engine/replication.dialect.js';
import { QueryTimeoutError, WriteOnReadConnectionError } from '../errors.js';
import { CommitWatch } from './commit.watch.js';
import type { ConnectionHost } from './connection.host.js';
import type { Lease } from './lease.js';
import { type Answer, type Call, repeatOn, type Send } from './statement.call.js';
import { HeldConnection, type Keeper } from './held.connection.js';
import { streamOf } from './open-connection.js';
import type { Reclaimed } from './pool.options.js';
import { changesSchema, type StatementKind, statementKind } from './statement.kind.js';
import { limitStatements, limitWithin } from './statement.limit.js';
import { beginStatement, type Destination, withStatementSpan } from './statement.span.js';
import { type StatementInHand, WorkInHand } from './work.in-hand.js';

export interface NodeConnectionOptions {
  dialect: ReplicationDialect;
  /** Of the pool, when the connection was begun. */
  generation: number;
  /** For a statement whose caller says nothing else. */
  queryTimeoutMs: number;
  /** By `performance.now()`: it is not lent any more. */
  expiresMs: number;
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
  readonly work: WorkInHand;
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
    this.work = new WorkInHand(stream);
    stream.on('end', () => this.lose());
    stream.on('close', () => this.lose());
  }

  /** Whether the next holder may have it: nothing is running, and no transaction is open. */
  get clean(): boolean {
    return !this.dead && this.work.isEmpty && !this.commits.inTransaction;
  }

  /** @param limitMs longer where the holder's statements were allowed to take longer */
  isAbandoned(nowMs: number, limitMs: number): boolean {
    return this.work.idleMs(nowMs) > Math.max(limitMs, this.lastTimeoutMs);
  }

  /** Closes it in the hands of its holder. */
  reclaim(nowMs: number): Reclaimed {
    const { work, commits, holder } = this;
    const { readOnly = false, takenAt } = holder?.lease ?? {};
    const { lastSql } = work;
    const { inTransaction } = commits;
    const reclaimed = { idleMs: work.idleMs(nowMs), readOnly, inTransaction, lastSql, takenAt };
    this.abort(this.deathOf());
    return reclaimed;
  }

  /** Ends the statement in hand if the request that it is for is over; not a commit. @returns whether it did */
  giveUp(nowMs: number): boolean {
    const { current } = this.work;
    if (!current || current.isCommit) return false;
    const over = this.holder?.lease.budget?.failure(nowMs, `a statement on ${this.host.node}`);
    if (over) this.abort(over);
    return over !== undefined;
  }

  lend(lease: Lease, nowMs: number): PoolConnection {
    this.work.restart(nowMs);
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
    return lease;
  }

  released(held: HeldConnection): void {
    if (held === this.holder) this.host.released(this);
  }

  /** Destroys the socket. COM_QUIT would wait for the statement in hand, on a server that may be frozen. */
  abort(reason: Error): void {
    // Streams hear of it first: the driver tells statements in a row the moment that the socket breaks.
    this.lose(reason);
    streamOf(this.raw).destroy(reason);
  }

  /** Sends COM_QUIT after the statement in hand, and destroys the socket when the close times out. */
  close(): void {
    const timer = setTimeout(() => this.abort(new Error('close timed out')), CLOSE_DEADLINE_MS);
    streamOf(this.raw).once('close', () => clearTimeout(timer));
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
    this.begin({ sql, limitMs, isCommit: kind === 'commit' }, limitMs);
    return this.send(call, (error, result, fields) => {
      this.answered(sql);
      if (error && isReadOnlyServer(error)) this.repeatOnNewPrimary(error, call, answer, standsAlone);
      else if (error) this.statementFailed(error, kind, call, answer);
      else {
        if (kind !== 'read') this.succeeded(kind, result, held.lease);
        answer(null, result, fields);
      }
    });
  }

  private destinationOf({ lease }: HeldConnection): Destination {
    return { node: this.host.node, reason: lease.reason };
  }

  private limitOf({ timeoutMs, held }: Call): number {
    this.lastTimeoutMs = timeoutMs ?? 0;
    const limitMs = timeoutMs ?? this.options.queryTimeoutMs;
    const { budget } = held.lease;
    return budget ? limitWithin(limitMs, budget.leftMs()) : limitMs;
  }

  private begin(statement: StatementInHand, limitOnServerMs: number): void {
    this.work.begin(statement);
    limitStatements(this.raw, limitOnServerMs);
  }

  private answered(sql: string): void {
    this.host.answered(sql, this.work.end());
  }

  private send({ method, statement, values }: Call, answer?: Answer): unknown {
    const raw = this.raw as unknown as Record<Call['method'], Send>;
    return raw[method](statement, values, answer);
  }

  private refusalOf(held: HeldConnection, kind: StatementKind): Error | undefined {
    if (held.isOver) return new Error(`The connection to ${this.host.node} was released already`);
    if (held.lease.readOnly && (kind === 'write' || kind === 'locking-read'))
      return new WriteOnReadConnectionError(this.host.node, kind);
    // What is begun is still undone.
    if (kind === 'rollback' || kind === 'session') return undefined;
    return held.lease.budget?.failure(undefined, `a statement for ${this.host.node}`);
  }

  private statementFailed(error: QueryError, kind: StatementKind, call: Call, answer: Answer): void {
    const { lease, onlyReads, isDestroyed } = call.held;
    const broken = connectionFaultOf(error) !== undefined && !isEnded(error);
    this.endOnConnectionFault(kind, error, lease);
    if (broken && onlyReads && !isDestroyed && lease.elsewhere)
      lease.elsewhere(this.host.node, (_error, connection) => {
        // TypeORM wraps what comes from a connection; that it was the connection, its callers can tell.
        if (connection) repeatOn(connection, call, this.options.queryTimeoutMs, answer);
        else answer(error);
      });
    else answer(error);
  }

  /**
   * Nothing was done: what stands for itself is run again, once, on a connection that leads to the primary of now, and
   * that connection is its holder's from then on. For a transaction only who began it can do so.
   */
  private repeatOnNewPrimary(error: QueryError, call: Call, answer: Answer, standsAlone: boolean): void {
    const { held } = call;
    // A replica is meant to be read-only: what wrote there by way of a read is its sender's mistake.
    const mayLeadElsewhere = !held.lease.readOnly && this.host.demoted(this);
    if (
      !mayLeadElsewhere ||
      !standsAlone ||
      call.isRepetition ||
      held !== this.holder ||
      !this.work.isEmpty
    ) {
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
    this.work.follow(command, (error, result) => {
      span?.end();
      this.answered(sql);
      if (error) this.endOnConnectionFault(kind, error, call.held.lease);
      else if (kind !== 'read') this.succeeded(kind, result, call.held.lease);
    });
    return command;
  }

  private succeeded(kind: StatementKind, result: unknown, lease: Lease): void {
    const before = this.commits.inTransaction;
    this.commits.succeeded(kind, result, lease.listener);
    this.countTransaction(before, lease);
  }

  private endOnConnectionFault(kind: StatementKind, error: Error, lease: Lease): void {
    if (connectionFaultOf(error) === undefined && !isEnded(error)) return;
    const before = this.commits.inTransaction;
    this.commits.brokeDuring(kind, lease.listener);
    this.countTransaction(before, lease);
    this.abort(error);
  }

  private countTransaction(before: boolean, lease: Lease): void {
    const change = Number(this.commits.inTransaction) - Number(before);
    if (this.holder && lease.listener) lease.listener.transactions += change;
  }

  private lose(reason?: Error): void {
    if (this.dead) return;
    this.dead = true;
    const { streams } = this.work;
    for (const stream of [...streams])
      process.nextTick(() => streams.has(stream) && stream.emit('error', this.deathOf(reason)));
    this.host.lost(this);
  }

  private deathOf(reason?: Error): Error {
    const lost = { code: 'PROTOCOL_CONNECTION_LOST', fatal: true };
    return reason ?? Object.assign(new Error(`The connection to ${this.host.node} was lost`), lost);
  }
}

/** It was ended here, and not by what became of the connection or the server. */
function isEnded(error: Error): boolean {
  return error instanceof QueryTimeoutError || isGivenUp(error);
}
