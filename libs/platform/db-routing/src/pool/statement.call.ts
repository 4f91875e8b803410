import type { PoolConnection, QueryError } from 'mysql2';
import type { HeldConnection } from './held.connection.js';
import { callersQueryTimeoutMs, withQueryTimeout } from './statement.limit.js';

/** A callback of the driver. */
export type Answer = (error: QueryError | null, ...result: unknown[]) => void;
export type Send = (...args: unknown[]) => unknown;
type Statement = string | { sql: string };

/** A call of the driver's `query` or `execute`. Without an `answer` it is for a stream. */
export interface Call {
  held: HeldConnection;
  method: 'query' | 'execute';
  statement: Statement;
  values: unknown;
  answer: Answer | undefined;
  /** The caller's time limit for this statement; undefined: the pool's. */
  timeoutMs: number | undefined;
  /** A server that is no longer the primary refused the statement, and it runs again on another connection. */
  isRepetition?: boolean;
}

/**
 * Reads the driver's arguments: `(statement, callback)`, `(statement, values, callback)`, and both without a callback. Runs on
 * each read.
 */
export function callOf(
  held: HeldConnection,
  method: Call['method'],
  statement: unknown,
  second: unknown,
  third: unknown,
): Call {
  const hasValues = typeof second !== 'function';
  return {
    held,
    method,
    statement: statement as Statement,
    values: hasValues ? second : undefined,
    answer: (hasValues ? third : second) as Answer | undefined,
    timeoutMs: callersQueryTimeoutMs(),
  };
}

/** Runs a read again, on a connection that is given back after it. */
export function repeatOn(
  connection: PoolConnection,
  { method, statement, values, timeoutMs }: Call,
  defaultTimeoutMs: number,
  answer: Answer,
): void {
  withQueryTimeout(timeoutMs ?? defaultTimeoutMs, () =>
    (connection[method] as Send)(statement, values, (...outcome: Parameters<Answer>) => {
      connection.release();
      answer(...outcome);
    }),
  );
}
