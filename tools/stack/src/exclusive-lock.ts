import { LockHeldError, type LockOptions, withLockFile } from './lock-file.js';
import { StackError } from './stack-error.js';

/**
 * Runs `work` while holding the lock file at `path`, so that two commands never change one topology at once.
 * @throws StackError when a living holder keeps it for `deadlineMs`, by default 120 s
 */
export async function withExclusiveLock<T>(
  path: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  try {
    return await withLockFile(path, work, { deadlineMs: 120_000, ...options });
  } catch (error) {
    throw error instanceof LockHeldError ? new StackError(error.message) : error;
  }
}
