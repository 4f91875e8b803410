import { isRetryableConflict } from '@fourfold/db-routing';
import { traced } from '@fourfold/observability/tracing';
import type { PoolConnection } from 'mysql2';
import type { EntityManager, QueryRunner } from 'typeorm';
import { abortConnection } from './abort-connection.js';

const MAX_RETRIES = 3;

/**
 * Runs `work` in one transaction, again up to three times when the server chose it as the victim of a deadlock (1213)
 * or found a row changed since its snapshot (1020). No pause before a retry: the survivor already has its locks, and
 * ours are gone. A lock wait that timed out (1205) has waited long enough and is not retried.
 */
export function inTransaction<T>(
  runner: QueryRunner,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return traced('transaction', {}, () => committed(runner, work));
}

async function committed<T>(runner: QueryRunner, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries++) {
    // The isolation level is the session's: see SESSION_SETUP in db-routing.
    await runner.startTransaction();
    try {
      const result = await work(runner.manager);
      await runner.commitTransaction();
      return result;
    } catch (error) {
      await rollBack(runner);
      if (retries === MAX_RETRIES || !isRetryableConflict(error)) throw error;
    }
  }
}

async function rollBack(runner: QueryRunner): Promise<void> {
  try {
    await runner.rollbackTransaction();
  } catch {
    // The caller's own error says more. This connection may still be inside the transaction: no caller may get it.
    abortConnection((await runner.connect()) as PoolConnection, 'could not roll back');
  }
}
