import { type AppError, isGivenUp } from '@fourfold/kernel';
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

/** Codes of servers that are there and give no connection. */
const refusalCodes = new Set([
  'ER_ACCESS_DENIED_ERROR',
  'ER_ACCESS_DENIED_NO_PASSWORD_ERROR',
  'ER_BAD_DB_ERROR',
  'ER_DBACCESS_DENIED_ERROR',
  'ER_HANDSHAKE_ERROR',
  'ER_HOST_IS_BLOCKED',
  'ER_HOST_NOT_PRIVILEGED',
  'ER_MUST_CHANGE_PASSWORD',
  'ER_MUST_CHANGE_PASSWORD_LOGIN',
  'ER_NOT_SUPPORTED_AUTH_MODE',
]);

/** Numbers of the server's errors that are acted upon. */
const errno = {
  duplicateKey: 1062,
  noSuchTable: 1146,
  lockTimeout: 1205,
  deadlock: 1213,
  recordChanged: 1020,
  statementTimeout: { mariadb: 1969, mysql: 3024 },
  preventedByOption: 1290,
  readOnlyMode: 1836,
  diskFull: 1021,
  writeFailed: 1026,
  tableFull: 1114,
};

/** The option behind a 1290 may be another (`--secure-file-priv`), which says nothing about the server. */
const READ_ONLY_OPTION = /--(?:super-|innodb-)?read[-_]only/;

/**
 * What is wrong with the connection when a failed statement or `error` says so: a short code that is safe to show.
 * Undefined when it is about something else. mysql2 marks as `fatal` what no statement can follow.
 */
export function connectionFaultOf(error: unknown): string | undefined {
  // Its connection was closed for it, and mysql2 has marked it as fatal.
  if (givenUpOf(error)) return undefined;
  const { code, fatal } = driverErrorOf(error);
  if (code !== undefined && connectionCodes.has(code)) return code;
  if (isReadOnlyServer(error)) return 'read-only server';
  return fatal === true ? 'connection closed' : undefined;
}

/**
 * The same while connecting, where a refusal (no access, no such database) means no connection as well. Any other error of
 * a statement is undefined: a broken migration is no reason to connect again.
 */
export function connectFaultOf(error: unknown): string | undefined {
  const { code, fatal } = driverErrorOf(error);
  const refused = code !== undefined && (fatal === true || refusalCodes.has(code));
  return refused && !(error instanceof QueryFailedError) ? code : connectionFaultOf(error);
}

/** What a statement was ended or refused with because the request that it was for is over: TypeORM wraps it. */
export function givenUpOf(error: unknown): AppError | undefined {
  const source: unknown = driverErrorOf(error);
  return isGivenUp(source) ? source : undefined;
}

/** The error of a statement that ran for too long, if `error` is about one: we gave it up, or the server did. */
export function queryTimeoutOf(error: unknown): QueryTimeoutError | undefined {
  const source = driverErrorOf(error);
  if (source instanceof QueryTimeoutError) return source;
  const { mariadb, mysql } = errno.statementTimeout;
  if (source.errno !== mariadb && source.errno !== mysql) return undefined;
  return new QueryTimeoutError('the database', undefined, { cause: error });
}

/**
 * The server refused a write, or a commit, because it is read-only: it is not the primary, or no more, and the connection
 * leads to the wrong one. It did nothing; a transaction is rolled back by it.
 */
export function isReadOnlyServer(error: unknown): boolean {
  const { errno: number, message = '' } = driverErrorOf(error);
  return (
    number === errno.readOnlyMode || (number === errno.preventedByOption && READ_ONLY_OPTION.test(message))
  );
}

/** Whether an error says that the server could not be reached, is not there any more, or is not the primary any more. */
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

/** The server could not write because a disk or a tablespace is full. */
export function isOutOfSpace(error: unknown): boolean {
  return [errno.diskFull, errno.writeFailed, errno.tableFull].some((number) => hasErrno(error, number));
}

function hasErrno(error: unknown, number: number): boolean {
  return driverErrorOf(error).errno === number;
}

function driverErrorOf(error: unknown): {
  code?: string;
  errno?: number;
  sqlState?: string;
  fatal?: boolean;
  message?: string;
} {
  const source: unknown = error instanceof QueryFailedError ? error.driverError : error;
  return typeof source === 'object' && source !== null ? source : {};
}
