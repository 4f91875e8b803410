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
  return traced('transaction', {}, () => committed(dataSource, work, isolation));
}

async function committed<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
  isolation: IsolationLevel | undefined,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await (isolation ? dataSource.transaction(isolation, work) : dataSource.transaction(work));
    } catch (error) {
      const mayRunAgain = isRetryableConflict(error) || (attempt === 1 && isReadOnlyServer(error));
      if (attempt >= ATTEMPTS || !mayRunAgain) throw error;
    }
  }
}
