import type { QueryError } from 'mysql2';
import type { HeldConnection } from './held.connection.js';

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
}

/** `(statement, callback)` or `(statement, values, callback)`. */
export function readCall([statement, second, third]: unknown[]): Pick<
  Call,
  'statement' | 'values' | 'answer'
> {
  const values = typeof second === 'function' ? undefined : second;
  const answer = (typeof second === 'function' ? second : third) as Answer | undefined;
  return { statement: statement as Statement, values, answer };
}
