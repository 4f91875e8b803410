import { AppError } from '@fourfold/kernel';
import type { PoolOptions } from 'mysql2';
import { DatabaseUnavailableError, PoolExhaustedError, QueryTimeoutError } from '../errors.js';
import { connectionAborted, OpenConnections } from './open.connections.js';
import type { ConnectionHost } from './connection.host.js';
import { ConnectionMaker } from './connection.maker.js';
import { NodeConnection } from './node.connection.js';
import { killStatement } from './kill-statement.js';
import type { ConnectionCallback, Lease } from './lease.js';
import type { NodePoolOptions, PoolObserver, PoolStats } from './pool.options.js';
import type { AcquireRequest, Waiter } from './waiter.js';
import { WaitingLine } from './waiting.line.js';

const SWEEP_INTERVAL_MS = 100;
const STALL_MS = 250;
/** How much longer than the server we bear with a statement: it ends what takes too long, and this is for its silence. */
const SILENCE_MS = 1_000;
/** By how much of it the life of a connection is longer or shorter than its limit. */
const JITTER = 0.2;
/** Between two attempts to find another server where one has refused writes. */
const DEMOTION_INTERVAL_MS = 500;

/**
 * One node's connections. Each is handed out within a deadline, counted while it is out, and taken back on every path;
 * one that arrives after its caller has given up serves the next.
 */
export class NodePool implements ConnectionHost {
  private readonly open = new OpenConnections();
  private readonly line = new WaitingLine((waiter) => this.expired(waiter));
  private readonly maker: ConnectionMaker;
  /** Not since a connection could not be made, while there are others. */
  private connectsAgain = true;
  private generation = 0;
  private demotedMs = -Infinity;
  /** A rough clock, for what is measured in seconds: reading the real one costs more than everything beside it. */
  private tickMs = performance.now();
  private closed: ((error: Error | null) => void)[] | undefined;
  private readonly sweeper: NodeJS.Timeout;

  constructor(
    readonly node: string,
    private readonly config: PoolOptions,
    private readonly options: NodePoolOptions,
    private readonly observer: PoolObserver = {},
  ) {
    this.maker = new ConnectionMaker(config, options);
    this.sweeper = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref();
  }

  /** Callers who have a connection, and those who wait for one. */
  get demand(): number {
    return this.open.out.size + this.line.length;
  }

  get stats(): PoolStats {
    return {
      size: this.options.connections,
      used: this.open.out.size,
      idle: this.open.idleCount,
      pending: this.line.length,
    };
  }

  /** Calls back once, with a connection or a typed error. */
  acquire(request: AcquireRequest, callback: ConnectionCallback): void {
    if (this.closed) {
      this.countingRefusals(callback)(this.unavailable(new Error(`The pool of ${this.node} is closed`)));
      return;
    }
    const over = request.lease.budget?.failure(this.tickMs, `a connection to ${this.node}`);
    if (over) {
      callback(over);
      return;
    }
    const usedSinceMs = request.verified ? Infinity : this.tickMs - this.options.idleCheckMs;
    const ready = this.open.takeUsedSince(usedSinceMs);
    if (ready) {
      this.handOut(ready, request.lease, callback);
      return;
    }
    const leftMs = request.lease.budget?.leftMs() ?? Infinity;
    const withinMs = Math.min(request.withinMs ?? this.options.acquireDeadlineMs, Math.max(1, leftMs));
    const { connections, mostWaiting = 2 * connections } = this.options;
    if (this.line.length - this.maker.attempts >= mostWaiting) {
      this.countingRefusals(callback)(this.noConnection(this.isBusy || this.line.moves));
      return;
    }
    this.line.join(request, withinMs, this.countingRefusals(callback));
    this.pump();
  }

  /**
   * Nothing that is open now is used again.
   * @param abort also breaks what is running, for a node that does not answer; else that may finish
   */
  retire({ abort }: { abort: boolean }): void {
    this.generation += 1;
    const reason = connectionAborted(
      `Connections to ${this.node} are not used any more: it does not answer, or is not what it was`,
    );
    this.open.discardIdle(() => true, reason.message, { abort });
    if (!abort) return;
    // Those who wait go first: what is lost below would be replaced for them.
    this.line.dissolve(this.unavailable(reason));
    for (const connection of [...this.open.out]) connection.abort(reason);
    this.maker.giveUp(reason);
  }

  end(callback: (error: Error | null) => void): void {
    if (this.closed) {
      this.closed.push(callback);
      this.finishClosing();
      return;
    }
    this.closed = [callback];
    clearInterval(this.sweeper);
    const reason = connectionAborted(`The pool of ${this.node} is closing`);
    this.line.dissolve(this.unavailable(reason));
    this.maker.giveUp(reason);
    this.open.closeAll();
    this.finishClosing();
  }

  released(connection: NodeConnection): void {
    this.takeBack(connection);
    if (this.closed) return;
    const isCurrent = connection.generation === this.generation && this.tickMs <= connection.expiresMs;
    const reusable = connection.clean && isCurrent;
    if (reusable) {
      connection.lastUsedMs = this.tickMs;
      this.serve(connection);
    } else {
      const reason = 'The connection was released with a transaction or a statement open';
      this.open.discard(connection, reason, { abort: !connection.clean });
      this.pump();
    }
  }

  demoted(connection: NodeConnection): boolean {
    if (connection.generation !== this.generation) return true;
    const nowMs = performance.now();
    // It connects to the same server until the address leads to another one: that is tried now and then, not for each write.
    if (nowMs - this.demotedMs < DEMOTION_INTERVAL_MS) return false;
    this.demotedMs = nowMs;
    this.retire({ abort: false });
    this.observer.demoted?.();
    return true;
  }

  lost(connection: NodeConnection): void {
    this.open.forget(connection);
    this.takeBack(connection);
    if (this.closed) this.finishClosing();
    else this.pump();
  }

  answered(sql: string, durationMs: number): void {
    this.observer.answered?.(sql, durationMs);
  }

  /** Works on as many connections as there are callers waiting for one. */
  private pump(): void {
    if (this.closed) return;
    while (this.maker.attempts < this.line.length) {
      const idle = this.open.take();
      if (idle) this.check(idle);
      else if (this.mayConnect) this.connect();
      else return;
    }
  }

  private get mayConnect(): boolean {
    return this.connectsAgain && this.open.size + this.maker.beingMade < this.options.connections;
  }

  private connect(): void {
    const { queryTimeoutMs, maxLifetimeMs, dialect } = this.options;
    const { generation } = this;
    this.maker.connect((error, raw) => {
      if (raw) {
        const expiresMs = performance.now() + maxLifetimeMs * (1 + JITTER * (2 * Math.random() - 1));
        const options = { dialect, generation, expiresMs, queryTimeoutMs };
        const connection = new NodeConnection(raw, this, options);
        this.open.add(connection);
        if (this.closed) connection.abort(connectionAborted('The pool is closed'));
        else this.serve(connection);
        return;
      }
      this.observer.suspicious?.();
      if (this.open.size > 0) {
        // Those who wait will have one of the connections that there are; another is tried for at the next sweep.
        this.connectsAgain = false;
        return;
      }
      this.line.refuseFirst(this.unavailable(error));
      this.pump();
    });
  }

  private check(connection: NodeConnection): void {
    this.maker.check(connection, (error) => {
      if (!error) {
        connection.lastUsedMs = this.tickMs;
        this.serve(connection);
        return;
      }
      // What silenced one has silenced those that were idle for longer: no caller should wait for each.
      const isOlder = ({ lastUsedMs }: NodeConnection) => lastUsedMs <= connection.lastUsedMs;
      this.open.discardIdle(isOlder, error.message, { abort: true });
      this.pump();
    });
  }

  private serve(connection: NodeConnection): void {
    if (connection.generation !== this.generation) {
      const reason = `The connection predates the last change of ${this.node}, so it is closed`;
      this.open.discard(connection, reason, { abort: false });
      this.pump();
      return;
    }
    const waiter = this.nextInTime();
    if (!waiter) {
      this.open.rest(connection);
      return;
    }
    this.observer.acquired?.(performance.now() - waiter.sinceMs);
    this.handOut(connection, waiter.request.lease, waiter.callback);
  }

  /** The first in line whose request still waits; those before it are told that theirs is over. */
  private nextInTime(): Waiter | undefined {
    for (;;) {
      const waiter = this.line.serveFirst();
      const over = waiter && this.overdue(waiter);
      if (!over) return waiter;
      waiter.callback(over);
    }
  }

  private overdue({ request }: Waiter): Error | undefined {
    return request.lease.budget?.failure(performance.now(), `a connection to ${this.node}`);
  }

  private handOut(connection: NodeConnection, lease: Lease, callback: ConnectionCallback): void {
    this.open.out.add(connection);
    callback(null, connection.lend(lease, this.tickMs));
  }

  private takeBack(connection: NodeConnection): void {
    const lease = connection.endLease();
    if (this.open.out.delete(connection)) lease?.returned?.();
  }

  /** Every connection out: the pool is busy, and the wait goes on to the end. Else the node gives none. */
  private expired(waiter: Waiter): void {
    const over = this.overdue(waiter);
    if (over) return this.line.refuse(waiter, over);
    if (this.isBusy && waiter.waitOn()) return;
    if (!this.isBusy) this.observer.suspicious?.();
    this.line.refuse(waiter, this.noConnection(this.isBusy, waiter.withinMs));
  }

  private get isBusy(): boolean {
    return this.open.out.size >= this.options.connections;
  }

  /** @param waitedMs undefined for a caller who was not let into the line */
  private noConnection(busy: boolean, waitedMs?: number): Error {
    const { dependency } = this.options;
    if (busy) return new PoolExhaustedError(this.node, waitedMs, { dependency });
    return this.unavailable(new Error(`${this.node} gave no connection in time`));
  }

  private unavailable(cause: unknown): DatabaseUnavailableError {
    return new DatabaseUnavailableError(cause, this.options.dependency);
  }

  /** The callback of a caller that may be refused. */
  private countingRefusals(callback: ConnectionCallback): ConnectionCallback {
    return (error, connection) => {
      if (error) this.observer.refused?.(error instanceof AppError ? error.code : 'other');
      callback(error, connection);
    };
  }

  private sweep(): void {
    const nowMs = performance.now();
    this.tickMs = nowMs;
    let stalled = false;
    for (const connection of this.open.out) {
      const { current } = connection.work;
      const runningMs = connection.work.runningMs(nowMs);
      if (current && runningMs > current.limitMs + SILENCE_MS) {
        connection.abort(new QueryTimeoutError(this.node, current.limitMs, this.options));
        killStatement(this.config, connection.raw.threadId, current.sql);
      } else if (runningMs > STALL_MS && connection.giveUp(nowMs)) {
        killStatement(this.config, connection.raw.threadId, current!.sql);
      } else if (connection.isAbandoned(nowMs, this.options.idleLeaseMs)) {
        const reclaimed = connection.reclaim(nowMs);
        this.observer.reclaimed?.(reclaimed);
      } else if (runningMs > STALL_MS) stalled = true;
    }
    if (stalled) this.observer.suspicious?.();
    const isOver = ({ expiresMs, lastUsedMs }: NodeConnection) =>
      nowMs > expiresMs || nowMs - lastUsedMs > this.options.maxIdleMs;
    this.open.discardIdle(isOver, 'The connection is too old', { abort: false });
    if (!this.connectsAgain) {
      this.connectsAgain = true;
      this.pump();
    }
  }

  private finishClosing(): void {
    if (this.open.size > 0) return;
    for (const callback of this.closed?.splice(0) ?? []) callback(null);
  }
}
