import { QueryFailedError } from 'typeorm';
import { QueryTimeoutError } from './errors.js';

/** Codes of the network, of mysql2, and of servers that refuse or end a connection. */
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'ER_CON_COUNT_ERROR',
  'ER_CONNECTION_KILLED',
  'ER_SERVER_SHUTDOWN',
  'ER_TOO_MANY_USER_CONNECTIONS',
]);

/** Numbers of the server's errors that are acted upon. */
const errno = {
  duplicateKey: 1062,
  noSuchTable: 1146,
  lockTimeout: 1205,
  deadlock: 1213,
  recordChanged: 1020,
  statementTimeout: { mariadb: 1969, mysql: 3024 },
};

/**
 * What is wrong with the connection when a failed statement or `error` says so: a short code that is safe to show.
 * Undefined when it is about something else. mysql2 marks as `fatal` what no statement can follow.
 */
export function connectionFaultOf(error: unknown): string | undefined {
  const { code, fatal } = driverErrorOf(error);
  if (code !== undefined && connectionCodes.has(code)) return code;
  return fatal === true ? 'connection closed' : undefined;
}

/** The same while connecting, where whatever has a code (no access, no such database) means no connection. */
export function connectFaultOf(error: unknown): string | undefined {
  return driverErrorOf(error).code ?? connectionFaultOf(error);
}

/** The error of a statement that ran for too long, if `error` is about one: we gave it up, or the server did. */
export function queryTimeoutOf(error: unknown): QueryTimeoutError | undefined {
  const source = driverErrorOf(error);
  if (source instanceof QueryTimeoutError) return source;
  const { mariadb, mysql } = errno.statementTimeout;
  if (source.errno !== mariadb && source.errno !== mysql) return undefined;
  return new QueryTimeoutError('the database', undefined, error);
}

/** Whether an error says that the server could not be reached, or is not there any more. */
export function isConnectionError(error: unknown): boolean {
  return connectionFaultOf(error) !== undefined;
}

/**
 * The server undid this transaction in favour of another (a deadlock), or found a row changed since the snapshot: it
 * may simply be run again.
 */
export function isRetryableConflict(error: unknown): boolean {
  return hasErrno(error, errno.deadlock) || hasErrno(error, errno.recordChanged);
}

/** A unique key refused the row. */
export function isDuplicateKey(error: unknown): boolean {
  return hasErrno(error, errno.duplicateKey);
}

/** The row can't be stored as it is: a constraint or a column's type refuses it (SQL state classes 23 and 22). */
export function isRefusedRow(error: unknown): error is Error {
  return /^2[23]/.test(driverErrorOf(error).sqlState ?? '');
}

/** A lock was not had within `innodb_lock_wait_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return hasErrno(error, errno.lockTimeout);
}

/** The statement names a table that is not there: the schema has not been migrated. */
export function isMissingTable(error: unknown): boolean {
  return hasErrno(error, errno.noSuchTable);
}

function hasErrno(error: unknown, number: number): boolean {
  return driverErrorOf(error).errno === number;
}

function driverErrorOf(error: unknown): {
  code?: string;
  errno?: number;
  sqlState?: string;
  fatal?: boolean;
} {
  const source: unknown = error instanceof QueryFailedError ? error.driverError : error;
  return typeof source === 'object' && source !== null ? source : {};
}
