import { connectFaultOf, loopTimeout } from '@fourfold/db-routing';
import type { Pool, PoolConnection } from 'mysql2';
import { abortConnection, streamOf } from './abort-connection.js';

export type Acquired = (error: NodeJS.ErrnoException | null, connection?: PoolConnection) => void;

const CHECK_TIMEOUT_MS = 500;
/** By how much of it the life of a connection is longer or shorter than its limit. */
const JITTER = 0.2;

export interface ConnectionLimits {
  /** How long one may be idle without being asked. */
  idleCheckMs: number;
  maxLifetimeMs: number;
  /** By `performance.now()`: what was opened before leads to a server that is no primary any more. */
  retiredBeforeMs: () => number;
}

/**
 * What mysql2's pool does not know of its connections: how many are in use, which are too old, and which were idle for
 * so long that they may be dead. A firewall or a balancer forgets those without a word, and a statement on one would
 * wait for its deadline. So such a connection is asked first; when it does not answer, those that were idle for longer
 * go with it, and another one is taken.
 */
export class PooledConnections {
  readonly #take: (done: Acquired) => void;
  readonly #inUse = new Set<PoolConnection>();
  /** Since when, on the clock of `performance.now()`. */
  readonly #idle = new Map<PoolConnection, number>();
  /** Of every connection that there is. */
  readonly #lives = new Map<PoolConnection, { sinceMs: number; untilMs: number }>();
  /** Callers for whom none could be made, while there are others. */
  readonly #stranded: Acquired[] = [];

  constructor(
    pool: Pool,
    private readonly limits: ConnectionLimits,
  ) {
    this.#take = pool.getConnection.bind(pool) as (done: Acquired) => void;
    pool.on('connection', (connection) => {
      const sinceMs = performance.now();
      const lifetimeMs = limits.maxLifetimeMs * (1 + JITTER * (2 * Math.random() - 1));
      this.#lives.set(connection, { sinceMs, untilMs: sinceMs + lifetimeMs });
      streamOf(connection).once('close', () => this.#forget(connection));
    });
    pool.on('release', (connection) => {
      this.#inUse.delete(connection);
      this.#idle.set(connection, performance.now());
      const next = this.#stranded.shift();
      if (next) this.acquire(next);
    });
  }

  /** Neither idle nor being made or asked. */
  get inUse(): number {
    return this.#inUse.size;
  }

  /** Open and not in use. */
  get idle(): number {
    return this.#idle.size;
  }

  /** One that was used lately, or has answered just now. Where none can be made, one of those that there are. */
  acquire(done: Acquired): void {
    this.#take((error, connection) => {
      if (!connection) return this.#failed(error, done);
      const idleSinceMs = this.#idle.get(connection);
      this.#idle.delete(connection);
      if (this.#isOver(connection)) {
        connection.destroy();
        this.acquire(done);
      } else if (idleSinceMs === undefined || performance.now() - idleSinceMs < this.limits.idleCheckMs)
        this.#handOut(connection, done);
      else this.#check(connection, idleSinceMs, done);
    });
  }

  #check(connection: PoolConnection, idleSinceMs: number, done: Acquired): void {
    const inTime = loopTimeout(() => abortConnection(connection, 'no answer to a ping'), CHECK_TIMEOUT_MS);
    connection.ping((error) => {
      inTime();
      if (!error) return this.#handOut(connection, done);
      abortConnection(connection, error.message);
      for (const [other, sinceMs] of this.#idle)
        if (sinceMs <= idleSinceMs) abortConnection(other, error.message);
      this.acquire(done);
    });
  }

  #isOver(connection: PoolConnection): boolean {
    const life = this.#lives.get(connection);
    return (
      life !== undefined && (life.untilMs < performance.now() || life.sinceMs < this.limits.retiredBeforeMs())
    );
  }

  #failed(error: NodeJS.ErrnoException | null, done: Acquired): void {
    if (connectFaultOf(error) === undefined || this.#lives.size === 0) done(error);
    else if (this.#idle.size > 0) this.acquire(done);
    else this.#stranded.push(done);
  }

  #handOut(connection: PoolConnection, done: Acquired): void {
    this.#inUse.add(connection);
    done(null, connection);
  }

  #forget(connection: PoolConnection): void {
    this.#inUse.delete(connection);
    this.#idle.delete(connection);
    this.#lives.delete(connection);
    // Each tries to make one of its own, in vain where the server is away.
    for (const next of this.#stranded.splice(0)) this.acquire(next);
  }
}
