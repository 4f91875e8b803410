import type { PoolOptions } from 'mysql2';
import { connectionAborted, OpenConnections } from './open.connections.js';
import type { ConnectionHost } from './connection.host.js';
import { ConnectionMaker } from './connection.maker.js';
import { NodeConnection } from './node.connection.js';
import type { ConnectionCallback, Lease } from './lease.js';
import { endOverrun } from './overrun.js';
import type { NodePoolOptions, PoolObserver, PoolStats } from './pool.options.js';
import { PoolRefusals } from './pool.refusals.js';
import type { AcquireRequest, Waiter } from './waiter.js';
import { WaitingLine } from './waiting.line.js';

const SWEEP_INTERVAL_MS = 100;
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
  private readonly line: WaitingLine;
  private readonly maker: ConnectionMaker;
  private readonly refusals: PoolRefusals;
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
    this.line = new WaitingLine(node, (waiter) => this.expired(waiter));
    this.maker = new ConnectionMaker(config, options);
    this.refusals = new PoolRefusals(node, options, observer);
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
    if (this.closed) return this.refusals.counting(callback)(this.refusals.closed());
    const over = request.lease.budget?.failure(this.tickMs, `a connection to ${this.node}`);
    if (over) return callback(over);
    const usedSinceMs = request.verified ? Infinity : this.tickMs - this.options.idleCheckMs;
    const ready = this.open.takeUsedSince(usedSinceMs);
    if (ready) return this.handOut(ready, request.lease, callback);
    const leftMs = request.lease.budget?.leftMs() ?? Infinity;
    const withinMs = Math.min(request.withinMs ?? this.options.acquireDeadlineMs, Math.max(1, leftMs));
    const { connections, mostWaiting = 2 * connections } = this.options;
    const counted = this.refusals.counting(callback);
    if (this.line.length - this.maker.attempts >= mostWaiting)
      return counted(this.isBusy || this.line.moves ? this.refusals.exhausted() : this.refusals.tooLate());
    this.line.join(request, withinMs, counted);
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
    this.line.dissolve(this.refusals.unavailable(reason));
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
    this.line.dissolve(this.refusals.unavailable(reason));
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
      this.line.refuseFirst(this.refusals.unavailable(error));
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
    const waiter = this.line.serveFirst();
    if (!waiter) {
      this.open.rest(connection);
      return;
    }
    this.observer.acquired?.(performance.now() - waiter.sinceMs);
    this.handOut(connection, waiter.request.lease, waiter.callback);
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
    if (this.isBusy) {
      if (!waiter.waitOn()) this.line.refuse(waiter, this.refusals.exhausted(waiter.withinMs));
      return;
    }
    this.observer.suspicious?.();
    this.line.refuse(waiter, this.refusals.tooLate());
  }

  private get isBusy(): boolean {
    return this.open.out.size >= this.options.connections;
  }

  private sweep(): void {
    const nowMs = performance.now();
    this.tickMs = nowMs;
    let stalled = false;
    const { node, config, options, observer } = this;
    const parts = { node, config, options, observer };
    for (const connection of this.open.out) if (endOverrun(connection, nowMs, parts)) stalled = true;
    if (stalled) observer.suspicious?.();
    const isOver = ({ expiresMs, lastUsedMs }: NodeConnection) =>
      nowMs > expiresMs || nowMs - lastUsedMs > options.maxIdleMs;
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
