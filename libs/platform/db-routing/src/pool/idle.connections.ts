import type { NodeConnection } from './node.connection.js';

/** Open connections that no caller has. The last one used is the first one taken: the others grow old, and show it. */
export class IdleConnections {
  /** By the time of their last use. */
  private stack: NodeConnection[] = [];

  get length(): number {
    return this.stack.length;
  }

  push(connection: NodeConnection): void {
    this.stack.push(connection);
  }

  take(): NodeConnection | undefined {
    return this.stack.pop();
  }

  /** The last one used, if that was at `sinceMs` or later. */
  takeUsedSince(sinceMs: number): NodeConnection | undefined {
    const last = this.stack.at(-1);
    return last && last.lastUsedMs >= sinceMs ? this.stack.pop() : undefined;
  }

  takeWhere(isWanted: (connection: NodeConnection) => boolean): NodeConnection[] {
    const taken = this.stack.filter(isWanted);
    if (taken.length > 0) this.stack = this.stack.filter((connection) => !taken.includes(connection));
    return taken;
  }

  takeAll(): NodeConnection[] {
    return this.stack.splice(0);
  }

  remove(connection: NodeConnection): void {
    const index = this.stack.indexOf(connection);
    if (index >= 0) this.stack.splice(index, 1);
  }
}
