import type { PoolConnection, PoolOptions } from 'mysql2';
import { loopTimeout } from './loop-timeout.js';
import type { NodeConnection } from './node.connection.js';
import { connectionAborted } from './open.connections.js';
import { openConnection } from './open-connection.js';
import type { NodePoolOptions } from './pool.options.js';

const CHECK_TIMEOUT_MS = 500;

/** The connections that a pool is about to have: those that are being made, and those that are pinged. */
export class ConnectionMaker {
  private readonly connecting = new Set<(reason: Error) => void>();
  private checking = 0;

  constructor(
    private readonly config: PoolOptions,
    private readonly options: Pick<NodePoolOptions, 'connectTimeoutMs' | 'sessionSetup'>,
  ) {}

  get attempts(): number {
    return this.connecting.size + this.checking;
  }

  get beingMade(): number {
    return this.connecting.size;
  }

  connect(done: (error: Error | null, raw?: PoolConnection) => void): void {
    const { connectTimeoutMs: timeoutMs, sessionSetup } = this.options;
    const giveUp = openConnection(this.config, { timeoutMs, sessionSetup }, (error, raw) => {
      this.connecting.delete(giveUp);
      done(error, raw);
    });
    this.connecting.add(giveUp);
  }

  /** @param done with an error when it does not answer; it is closed then */
  check(connection: NodeConnection, done: (error: Error | null) => void): void {
    this.checking += 1;
    const inTime = loopTimeout(
      () => connection.abort(connectionAborted('a ping was not answered')),
      CHECK_TIMEOUT_MS,
    );
    connection.raw.ping((error) => {
      inTime();
      this.checking -= 1;
      if (error) connection.abort(error);
      done(error);
    });
  }

  giveUp(reason: Error): void {
    for (const giveUp of [...this.connecting]) giveUp(reason);
  }
}
