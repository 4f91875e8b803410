import { WarehousePrivilegeError } from '../warehouse.errors.js';

/** Runs a statement on a primary, in a session whose time zone is UTC. */
export type AskPrimary = <T>(sql: string, parameters: unknown[]) => Promise<T>;

/**
 * The moment up to which nothing more can be committed: the primary's clock, or the beginning of the oldest transaction that
 * has changed a row or runs a statement, less a lag. A row's `updated_at` is the beginning of the statement that wrote it,
 * so no earlier than that of its transaction; a statement that waits for a table is not in a transaction of InnoDB yet, but
 * in the list of threads. Both lists have whole seconds, rounded down; that of transactions is in the
 * server's own time zone.
 *
 * Not counted: one that has changed nothing and is idle, whatever its age: what it writes later has a later time.
 */
export const HORIZON = `
  SELECT CAST(LEAST(NOW(6), COALESCE(t.oldest, NOW(6)), COALESCE(w.oldest, NOW(6))) - INTERVAL ? MICROSECOND AS CHAR) AS horizon,
    CAST(TIMESTAMPDIFF(SECOND, LEAST(COALESCE(t.oldest, NOW(6)), COALESCE(w.oldest, NOW(6))), NOW(6)) AS CHAR) AS heldSeconds
  FROM (
    SELECT MIN(CONVERT_TZ(trx_started, 'SYSTEM', '+00:00')) AS oldest FROM information_schema.INNODB_TRX
    WHERE trx_is_read_only = 0 AND (trx_rows_modified > 0 OR trx_query IS NOT NULL)
  ) AS t, (
    SELECT NOW(6) - INTERVAL (MAX(TIME) + 1) SECOND AS oldest FROM information_schema.PROCESSLIST
    WHERE COMMAND <> 'Sleep' AND STATE LIKE 'Waiting for %lock%'
  ) AS w
`;

export interface Horizon {
  /** In UTC, with microseconds. */
  readonly at: string;
  /** Age of the oldest transaction that holds it; 0 without one. */
  readonly heldSeconds: number;
}

/** MariaDB and MySQL. */
const NO_PRIVILEGE = 1_227;

/** @throws WarehousePrivilegeError */
export async function horizonOf(ask: AskPrimary, lagMs: number, server: string): Promise<Horizon> {
  try {
    const [row] = await ask<{ horizon: string; heldSeconds: string }[]>(HORIZON, [lagMs * 1_000]);
    return { at: row!.horizon, heldSeconds: Number(row!.heldSeconds) };
  } catch (error) {
    if ((error as { errno?: number }).errno !== NO_PRIVILEGE) throw error;
    throw new WarehousePrivilegeError(
      `${server} does not show its open transactions: GRANT PROCESS ON *.* to the account of the worker`,
      { cause: error },
    );
  }
}
