import { AppError } from '@fourfold/kernel';

/** Every connection of a node's pool is taken and its queue is full, or none came free within the deadline. */
export class PoolExhaustedError extends AppError {
  readonly code = 'database-busy';
  readonly status = 503;
  readonly title = 'The database has no connection free';

  constructor(node: string, deadlineMs: number, cause?: unknown) {
    super(`No connection to ${node} came free within ${deadlineMs} ms; try again in a moment`, {
      cause,
      retryAfterSeconds: 1,
    });
  }
}

/** A database server did not answer. Nothing was written, or the writer could not tell: retry with the same key. */
export class DatabaseUnavailableError extends AppError {
  readonly code = 'database-unavailable';
  readonly status = 503;
  readonly title = 'A database does not answer';

  constructor(cause: unknown) {
    super('The database does not answer; try again in a moment', { cause, retryAfterSeconds: 2 });
  }
}

const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'PROTOCOL_CONNECTION_LOST',
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_CON_COUNT_ERROR',
]);

/** Whether an error of the driver (or TypeORM's wrapping of it) says that the server could not be reached. */
export function isConnectionError(error: unknown): boolean {
  return unreachable.has(driverCode(error) ?? '');
}

/** Transactions that lost against another one, and may simply be run again. */
const retryable = new Set(['ER_LOCK_DEADLOCK', 'ER_CHECKREAD']);

export function isRetryableConflict(error: unknown): boolean {
  return retryable.has(driverCode(error) ?? '');
}

/** A unique key refused the row. */
export function isDuplicateKey(error: unknown): boolean {
  return driverCode(error) === 'ER_DUP_ENTRY';
}

/** A lock was not had within `innodb_lock_wait_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return driverCode(error) === 'ER_LOCK_WAIT_TIMEOUT';
}

function driverCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
