import { QueryFailedError } from 'typeorm';

/** Numbers of the server's errors that this library acts on. */
export const ServerErrno = { noSuchTable: 1146, lockDeadlock: 1213, recordChanged: 1020 } as const;

/** The server's error number when a statement failed there; undefined for every other error. */
export function serverErrnoOf(error: unknown): number | undefined {
  const driverError: unknown = error instanceof QueryFailedError ? error.driverError : error;
  const errno = (driverError as { errno?: unknown } | null | undefined)?.errno;
  return typeof errno === 'number' ? errno : undefined;
}

/** The server undid this transaction in favour of another: a deadlock, or a row changed since the snapshot. */
export function isConcurrencyLoss(error: unknown): boolean {
  const errno = serverErrnoOf(error);
  return errno === ServerErrno.lockDeadlock || errno === ServerErrno.recordChanged;
}
