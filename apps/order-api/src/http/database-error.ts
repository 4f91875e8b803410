import {
  DatabaseContendedError,
  DatabaseUnavailableError,
  givenUpOf,
  isConnectionError,
  isLockTimeout,
  isRetryableConflict,
  queryTimeoutOf,
} from '@fourfold/db-routing';
import type { AppError } from '@fourfold/kernel';

/** What an error of the database driver means to a caller; `undefined` for one that is no such error, or a bug. */
export function databaseErrorOf(exception: unknown): AppError | undefined {
  const named = givenUpOf(exception) ?? queryTimeoutOf(exception);
  if (named) return named;
  if (isConnectionError(exception)) return new DatabaseUnavailableError(exception);
  return isLockTimeout(exception) || isRetryableConflict(exception)
    ? new DatabaseContendedError(exception)
    : undefined;
}
