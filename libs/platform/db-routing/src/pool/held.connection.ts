import type { PoolConnection } from 'mysql2';
import type { Lease } from './lease.js';
import { type Call, callOf } from './statement.call.js';

/** The connection behind it. */
export interface Keeper {
  run(call: Call): unknown;
  /** `held` is its holder from here on. */
  heldBy(held: HeldConnection): void;
  released(held: HeldConnection): void;
  abort(reason: Error): void;
}

type PromisedCall = (statement: unknown, values?: unknown) => Promise<[rows: unknown, fields: unknown]>;

interface PromisedCalls {
  query: PromisedCall;
  execute: PromisedCall;
}

type Callback = (error: Error | null, rows?: unknown, fields?: unknown) => void;

function promised(call: (answer: Callback) => unknown): ReturnType<PromisedCall> {
  return new Promise((resolve, reject) => {
    call((error, rows, fields) => (error ? reject(error) : resolve([rows, fields])));
  });
}

/**
 * The connection that a holder is given in place of the driver's own object. It ends with the lease. A second `release`, a
 * late `destroy` or a late statement can't reach a connection that another holder has by then. Has what TypeORM and
 * this library use of a connection.
 */
export class HeldConnection {
  /** Nothing but reads was sent: no transaction and no session setting ties the next one to this connection. */
  onlyReads = true;
  /** The holder has destroyed the connection, so statements that broke with it are not repeated. */
  isDestroyed = false;
  private over = false;
  private readonly heard: Parameters<PoolConnection['on']>[] = [];

  /** @param raw the driver's own object */
  constructor(
    private raw: PoolConnection,
    private keeper: Keeper,
    readonly lease: Lease,
  ) {}

  /** From now on the holder's statements are sent over the connection behind `fresh`, which has no other holder. */
  moveTo(fresh: HeldConnection): void {
    ({ raw: this.raw, keeper: this.keeper } = fresh);
    this.keeper.heldBy(this);
    for (const [event, listener] of this.heard) this.raw.on(event, listener);
  }

  get threadId(): number {
    return this.raw.threadId;
  }

  run(call: Call): unknown {
    return this.keeper.run(call);
  }

  query(statement: unknown, second?: unknown, third?: unknown): unknown {
    return this.keeper.run(callOf(this, 'query', statement, second, third));
  }

  execute(statement: unknown, second?: unknown, third?: unknown): unknown {
    return this.keeper.run(callOf(this, 'execute', statement, second, third));
  }

  /** The driver's own costs more to make than all of our routing, and TypeORM asks for one with each statement. */
  promise(): PromisedCalls {
    return {
      query: (statement, values) => promised((answer) => this.query(statement, values, answer)),
      execute: (statement, values) => promised((answer) => this.execute(statement, values, answer)),
    };
  }

  release(): void {
    if (this.over) return;
    this.over = true;
    for (const [event, listener] of this.heard.splice(0)) this.raw.removeListener(event, listener);
    this.keeper.released(this);
  }

  destroy(): void {
    this.isDestroyed = true;
    if (!this.over) this.keeper.abort(new Error('The connection was destroyed by its holder'));
  }

  get isOver(): boolean {
    return this.over;
  }

  listeners(event: string): unknown[] {
    return this.over ? [] : this.raw.listeners(event);
  }

  /** Until the lease ends. TypeORM calls it when there is no listener for errors. */
  on(event: string, listener: (...args: unknown[]) => void): this {
    if (this.over) return this;
    this.heard.push([event, listener]);
    this.raw.on(event, listener);
    return this;
  }
}
