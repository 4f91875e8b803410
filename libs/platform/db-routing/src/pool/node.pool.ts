import { AppError } from '@fourfold/kernel';
import type { PoolOptions } from 'mysql2';
import { DatabaseUnavailableError, PoolExhaustedError, QueryTimeoutError } from '../errors.js';
import { IdleConnections } from './idle.connections.js';
import { type ConnectionHost, NodeConnection } from './node.connection.js';
import { killStatement } from './kill-statement.js';
import type { ConnectionCallback, Lease } from './lease.js';
import { loopTimeout } from './loop-timeout.js';
import { openConnection } from './open-connection.js';
import type { NodePoolOptions, PoolObserver, PoolStats } from './pool.options.js';
import type { AcquireRequest, Waiter } from './waiter.js';
import { WaitingLine } from './waiting.line.js';

const CHECK_TIMEOUT_MS = 500;
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
  private readonly all = new Set<NodeConnection>();
  private readonly out = new Set<NodeConnection>();
  private readonly idle = new IdleConnections();
  private readonly line = new WaitingLine((waiter) => this.expired(waiter));
  private readonly connecting = new Set<(reason: Error) => void>();
  private checking = 0;
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
    this.sweeper = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref();
  }

  /** Callers who have a connection, and those who wait for one. */
  get demand(): number {
    return this.out.size + this.line.length;
  }

  get stats(): PoolStats {
    return {
      size: this.options.connections,
      used: this.out.size,
      idle: this.idle.length,
      pending: this.line.length,
    };
  }

  /** Calls back once, with a connection or a typed error. */
  acquire(request: AcquireRequest, callback: ConnectionCallback): void {
    if (this.closed) {
      this.told(callback)(new DatabaseUnavailableError(new Error(`The pool of ${this.node} is closed`)));
      return;
    }
    const usedSinceMs = request.verified ? Infinity : this.tickMs - this.options.idleCheckMs;
    const ready = this.idle.takeUsedSince(usedSinceMs);
    if (ready) {
      this.handOut(ready, request.lease, callback);
      return;
    }
    const withinMs = request.withinMs ?? this.options.acquireDeadlineMs;
    if (this.line.length - this.attempts >= 2 * this.options.connections) {
      this.told(callback)(this.noConnection(this.isBusy || this.line.moves));
      return;
    }
    this.line.join(request, withinMs, this.told(callback));
    this.pump();
  }

  /**
   * Nothing that is open now is used again.
   * @param abort also breaks what is running, for a node that does not answer; else that may finish
   */
  retire({ abort }: { abort: boolean }): void {
    this.generation += 1;
    const reason = connectionAborted(`${this.node} left the rotation`);
    for (const connection of this.idle.takeAll()) this.discard(connection, reason, abort);
    if (!abort) return;
    // Those who wait go first: what is lost below would be replaced for them.
    this.line.dissolve(new DatabaseUnavailableError(reason));
    for (const connection of [...this.out]) connection.abort(reason);
    for (const giveUp of [...this.connecting]) giveUp(reason);
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
    this.line.dissolve(new DatabaseUnavailableError(reason));
    for (const giveUp of [...this.connecting]) giveUp(reason);
    this.idle.takeAll();
    for (const connection of this.all) connection.close();
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
      this.discard(
        connection,
        connectionAborted('It was given back in the middle of something'),
        !connection.clean,
      );
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
    this.all.delete(connection);
    this.idle.remove(connection);
    this.takeBack(connection);
    if (this.closed) this.finishClosing();
    else this.pump();
  }

  answered(sql: string, durationMs: number): void {
    this.observer.answered?.(sql, durationMs);
  }

  private get attempts(): number {
    return this.connecting.size + this.checking;
  }

  /** Works on as many connections as there are callers waiting for one. */
  private pump(): void {
    if (this.closed) return;
    while (this.attempts < this.line.length) {
      const idle = this.idle.take();
      if (idle) this.check(idle);
      else if (this.mayConnect) this.connect();
      else return;
    }
  }

  private get mayConnect(): boolean {
    return this.connectsAgain && this.all.size + this.connecting.size < this.options.connections;
  }

  private connect(): void {
    const { connectTimeoutMs, queryTimeoutMs, maxLifetimeMs, sessionSetup, dialect } = this.options;
    const { generation } = this;
    const giveUp = openConnection(
      this.config,
      { timeoutMs: connectTimeoutMs, sessionSetup },
      (error, raw) => {
        this.connecting.delete(giveUp);
        if (raw) {
          const expiresMs = performance.now() + maxLifetimeMs * (1 + JITTER * (2 * Math.random() - 1));
          const options = { dialect, generation, expiresMs, queryTimeoutMs };
          const connection = new NodeConnection(raw, this, options);
          this.all.add(connection);
          if (this.closed) connection.abort(connectionAborted('The pool is closed'));
          else this.serve(connection);
          return;
        }
        this.observer.suspicious?.();
        if (this.all.size > 0) {
          // Those who wait will have one of the connections that there are; another is tried for at the next sweep.
          this.connectsAgain = false;
          return;
        }
        this.line.refuseFirst(new DatabaseUnavailableError(error));
        this.pump();
      },
    );
    this.connecting.add(giveUp);
  }

  private check(connection: NodeConnection): void {
    this.checking += 1;
    const inTime = loopTimeout(
      () => connection.abort(connectionAborted(`${this.node} did not answer a ping`)),
      CHECK_TIMEOUT_MS,
    );
    connection.raw.ping((error) => {
      inTime();
      this.checking -= 1;
      if (error) {
        connection.abort(error);
        // What silenced one has silenced those that were idle for longer: no caller should wait for each.
        const older = this.idle.takeWhere(({ lastUsedMs }) => lastUsedMs <= connection.lastUsedMs);
        for (const silenced of older) this.discard(silenced, error, true);
        this.pump();
      } else {
        connection.lastUsedMs = this.tickMs;
        this.serve(connection);
      }
    });
  }

  private serve(connection: NodeConnection): void {
    if (connection.generation !== this.generation) {
      this.discard(connection, connectionAborted('It is of another time'), false);
      this.pump();
      return;
    }
    const waiter = this.line.serveFirst();
    if (!waiter) {
      this.idle.push(connection);
      return;
    }
    this.observer.acquired?.(performance.now() - waiter.sinceMs);
    this.handOut(connection, waiter.request.lease, waiter.callback);
  }

  private handOut(connection: NodeConnection, lease: Lease, callback: ConnectionCallback): void {
    this.out.add(connection);
    callback(null, connection.lend(lease, this.tickMs));
  }

  private takeBack(connection: NodeConnection): void {
    const lease = connection.endLease();
    if (this.out.delete(connection)) lease?.returned?.();
  }

  private discard(connection: NodeConnection, reason: Error, abort: boolean): void {
    this.all.delete(connection);
    if (abort) connection.abort(reason);
    else connection.close();
  }

  /** Every connection out: the pool is busy, and the wait goes on to the end. Else the node gives none. */
  private expired(waiter: Waiter): void {
    if (this.isBusy && waiter.waitOn()) return;
    if (!this.isBusy) this.observer.suspicious?.();
    this.line.refuse(waiter, this.noConnection(this.isBusy, waiter.withinMs));
  }

  private get isBusy(): boolean {
    return this.out.size >= this.options.connections;
  }

  /** @param waitedMs undefined for a caller who was not let into the line */
  private noConnection(busy: boolean, waitedMs?: number): Error {
    if (busy) return new PoolExhaustedError(this.node, waitedMs);
    return new DatabaseUnavailableError(new Error(`${this.node} gave no connection in time`));
  }

  /** The callback of a caller that may be refused. */
  private told(callback: ConnectionCallback): ConnectionCallback {
    return (error, connection) => {
      if (error) this.observer.refused?.(error instanceof AppError ? error.code : 'other');
      callback(error, connection);
    };
  }

  private sweep(): void {
    const nowMs = performance.now();
    this.tickMs = nowMs;
    let stalled = false;
    for (const connection of this.out) {
      const runningMs = connection.runningMs(nowMs);
      const { current } = connection;
      if (current && runningMs > current.limitMs + SILENCE_MS) {
        connection.abort(new QueryTimeoutError(this.node, current.limitMs));
        killStatement(this.config, connection.raw.threadId, current.sql);
      } else if (connection.isAbandoned(nowMs, this.options.idleLeaseMs)) {
        const lease = connection.reclaim(nowMs);
        this.observer.reclaimed?.(lease);
      } else if (runningMs > STALL_MS) stalled = true;
    }
    if (stalled) this.observer.suspicious?.();
    const { maxIdleMs } = this.options;
    const isOver = ({ expiresMs, lastUsedMs }: NodeConnection) =>
      nowMs > expiresMs || nowMs - lastUsedMs > maxIdleMs;
    for (const old of this.idle.takeWhere(isOver))
      this.discard(old, connectionAborted('Its life is over'), false);
    if (!this.connectsAgain) {
      this.connectsAgain = true;
      this.pump();
    }
  }

  private finishClosing(): void {
    if (this.all.size > 0) return;
    for (const callback of this.closed?.splice(0) ?? []) callback(null);
  }
}

function connectionAborted(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNABORTED' });
}
