import { AsyncLocalStorage } from 'node:async_hooks';
import type { Connection } from 'mysql2';

const callersLimit = new AsyncLocalStorage<number>();

/**
 * Runs `work` with another limit for each of its statements on the main cluster, in place of `queryTimeoutMs`: for a report
 * or a backfill that takes longer. `Infinity`: no limit. It holds for statements that are sent within `work`, also on a
 * connection or in a transaction that was begun before.
 */
export function withQueryTimeout<T>(timeoutMs: number, work: () => T): T {
  return callersLimit.run(timeoutMs, work);
}

/** What `withQueryTimeout` says for the running code, if anything. */
export function callersQueryTimeoutMs(): number | undefined {
  return callersLimit.getStore();
}

/** Which limit the session of each connection has now. */
const limits = new WeakMap<Connection, number>();

/**
 * Has the server itself end what comes next on `connection` when it runs longer than `limitMs`; `Infinity`: no limit. A
 * server looks at a connection only between statements: one whose client has gone would run on to its end and keep its
 * locks. Costs a round trip where the statement before had another limit, and nothing has to wait for it, since the driver
 * sends statements in their order. Needs no privilege. MySQL limits only SELECT.
 */
export function limitStatements(connection: Connection, limitMs: number): void {
  if (limits.get(connection) === limitMs) return;
  limits.set(connection, limitMs);
  connection.query(statementLimit(limitMs), (error) => {
    if (error) limits.delete(connection);
  });
}

/**
 * The limit of a statement whose request has `leftMs`: half of `limitMs`, or half of that, and so on, and no less than what is
 * left. To the millisecond, each statement would have another limit than the one before, which the server has to be told.
 */
export function limitWithin(limitMs: number, leftMs: number): number {
  if (limitMs === Infinity) return limitMs;
  let within = limitMs;
  while (within / 2 >= Math.max(leftMs, 1)) within /= 2;
  return within;
}

/** Each server reads its own part, and takes the other's for a comment. */
export function statementLimit(limitMs: number): string {
  const ms = limitMs === Infinity ? 0 : Math.ceil(limitMs);
  return `SET SESSION /*M! max_statement_time = ${ms / 1_000} */ /*!80000 max_execution_time = ${ms} */`;
}
