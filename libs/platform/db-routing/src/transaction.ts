import { traced } from '@fourfold/observability/tracing';
import type { DataSource, EntityManager } from 'typeorm';
import type { IsolationLevel } from 'typeorm/driver/types/IsolationLevel.js';
import { isReadOnlyServer, isRetryableConflict } from './driver-error.js';

const ATTEMPTS = 4;

/**
 * Runs `work` in one transaction on the primary, and again when it lost a deadlock (InnoDB rolls the loser back whole), or
 * once when the server turned out to be no primary any more: the next connection leads to the one that is.
 * `work` must have no effect outside the transaction.
 * @param isolation default: the data source's own
 */
export function inTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
  isolation?: IsolationLevel,
): Promise<T> {
  return repeatedTransaction(() =>
    isolation ? dataSource.transaction(isolation, work) : dataSource.transaction(work),
  );
}

/** The same of a transaction that `attempt` begins, on a connection of its own each time, and ends. */
export function repeatedTransaction<T>(attempt: () => Promise<T>): Promise<T> {
  return traced('transaction', {}, async () => {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt();
      } catch (error) {
        const mayRunAgain = isRetryableConflict(error) || (attempts === 1 && isReadOnlyServer(error));
        if (attempts >= ATTEMPTS || !mayRunAgain) throw error;
      }
    }
  });
}
