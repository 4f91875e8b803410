import type { NodeConnection } from './node.connection.js';

/**
 * The open connections of a pool: out, idle, or about to be one of both. The last one used is the first one taken: the
 * others grow old, and show it.
 */
export class OpenConnections {
  /** With their holders. */
  readonly out = new Set<NodeConnection>();
  private readonly all = new Set<NodeConnection>();
  /** By the time of their last use. */
  private idle: NodeConnection[] = [];

  get size(): number {
    return this.all.size;
  }

  get idleCount(): number {
    return this.idle.length;
  }

  add(connection: NodeConnection): void {
    this.all.add(connection);
  }

  rest(connection: NodeConnection): void {
    this.idle.push(connection);
  }

  take(): NodeConnection | undefined {
    return this.idle.pop();
  }

  /** The last one used, if that was after `sinceMs`. */
  takeUsedSince(sinceMs: number): NodeConnection | undefined {
    const last = this.idle.at(-1);
    return last && last.lastUsedMs > sinceMs ? this.idle.pop() : undefined;
  }

  /** Closes those of the idle that are not wanted any more. */
  discardIdle(
    isUnwanted: (connection: NodeConnection) => boolean,
    reason: string,
    { abort }: { abort: boolean },
  ): void {
    const unwanted = this.idle.filter(isUnwanted);
    if (unwanted.length === 0) return;
    this.idle = this.idle.filter((connection) => !unwanted.includes(connection));
    for (const connection of unwanted) this.discard(connection, reason, { abort });
  }

  /** @param abort breaks it at once; else the statement in hand may finish */
  discard(connection: NodeConnection, reason: string, { abort }: { abort: boolean }): void {
    this.all.delete(connection);
    if (abort) connection.abort(connectionAborted(reason));
    else connection.close();
  }

  /** Drops a connection that is closed already. */
  forget(connection: NodeConnection): void {
    this.all.delete(connection);
    const index = this.idle.indexOf(connection);
    if (index >= 0) this.idle.splice(index, 1);
  }

  closeAll(): void {
    this.idle = [];
    for (const connection of this.all) connection.close();
  }
}

export function connectionAborted(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNABORTED' });
}
