import type { ConnectionCallback } from './lease.js';
import type { NodeConnection } from './node.connection.js';
import type { AcquireRequest } from './waiter.js';

/** What a connection reports to its pool. */
export interface ConnectionHost {
  readonly node: string;
  released(connection: NodeConnection): void;
  /**
   * A server that is no primary any more refused what came by this connection.
   * @returns whether another connection may lead to a better one
   */
  demoted(connection: NodeConnection): boolean;
  acquire(request: AcquireRequest, callback: ConnectionCallback): void;
  /** The connection can't be used any more. */
  lost(connection: NodeConnection): void;
  /** @param durationMs from the moment the statement was the connection's next */
  answered(sql: string, durationMs: number): void;
}
