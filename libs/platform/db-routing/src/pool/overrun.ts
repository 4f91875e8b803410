import type { PoolOptions } from 'mysql2';
import { QueryTimeoutError } from '../errors.js';
import { killStatement } from './kill-statement.js';
import type { NodeConnection } from './node.connection.js';
import type { NodePoolOptions, PoolObserver } from './pool.options.js';

const STALL_MS = 250;
/** How much longer than the server we bear with a statement: it ends what takes too long, and this is for its silence. */
const SILENCE_MS = 1_000;

export interface OverrunParts {
  readonly node: string;
  readonly config: PoolOptions;
  readonly options: Pick<NodePoolOptions, 'idleLeaseMs' | 'dependency'>;
  readonly observer: PoolObserver;
}

/**
 * Ends what a connection that is out has in hand for too long: a statement that has no answer, one that its caller has given
 * up, and a lease whose holder does nothing with it.
 * @returns whether the server has had no answer for a statement that goes on
 */
export function endOverrun(connection: NodeConnection, nowMs: number, parts: OverrunParts): boolean {
  const { node, config, options, observer } = parts;
  const { work, raw } = connection;
  const { current } = work;
  const runningMs = work.runningMs(nowMs);
  if (current && runningMs > current.limitMs + SILENCE_MS) {
    connection.abort(new QueryTimeoutError(node, current.limitMs, options));
    killStatement(config, raw.threadId, current.sql);
    return false;
  }
  if (runningMs > STALL_MS && connection.giveUp(nowMs)) {
    killStatement(config, raw.threadId, current!.sql);
    return false;
  }
  if (connection.isAbandoned(nowMs, options.idleLeaseMs)) {
    const reclaimed = connection.reclaim(nowMs);
    observer.reclaimed?.(reclaimed);
    return false;
  }
  return runningMs > STALL_MS;
}
