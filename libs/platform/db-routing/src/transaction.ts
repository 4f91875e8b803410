import type { DataSource, EntityManager } from 'typeorm';
import { isRetryableConflict } from './driver-error.js';

const ATTEMPTS = 4;

/**
 * Runs `work` in one transaction on the primary, and again when it lost a deadlock (InnoDB rolls the loser back whole).
 * `work` must have no effect outside the transaction.
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dataSource.transaction(work);
    } catch (error) {
      if (attempt >= ATTEMPTS || !isRetryableConflict(error)) throw error;
    }
  }
}
