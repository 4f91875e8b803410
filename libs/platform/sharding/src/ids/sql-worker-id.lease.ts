import { isRetryableConflict } from '@fourfold/db-routing';
import { randomUUID } from 'node:crypto';
import type { SqlExecutor } from '../sql-executor.js';
import { type HeldWorkerId, IdLeaseLostError, MAX_AHEAD_MS, type WorkerIdLease } from './worker-id.lease.js';

const MAX_CLAIM_RETRIES = 10;

interface Changed {
  affectedRows: number;
}

/**
 * Finds and takes in one statement: a rival waits for the row's lock, sees it taken and tries the next row. All
 * walk the primary key in the same direction and stop at the row they take, so they can't deadlock.
 */
const CLAIM = `
  UPDATE snowflake_workers
  SET holder = ?, lease_expires_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
  WHERE (holder IS NULL OR lease_expires_at <= UTC_TIMESTAMP(3)) AND reserved_until_ms <= ?
  ORDER BY worker_id
  LIMIT 1`;

/** Above every reservation, so that any row matches. */
const ANY = '18446744073709551615';

/** Read only after the claim: from then on the old holder can't move it any more. */
const SELECT_CLAIMED = 'SELECT worker_id, reserved_until_ms FROM snowflake_workers WHERE holder = ?';

const RESERVE = `
  UPDATE snowflake_workers
  SET reserved_until_ms = GREATEST(reserved_until_ms, ?),
      lease_expires_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
  WHERE worker_id = ? AND holder = ? AND ? <= UNIX_TIMESTAMP() * 1000 + ${MAX_AHEAD_MS}`;

const KEEP = `
  UPDATE snowflake_workers SET lease_expires_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
  WHERE worker_id = ? AND holder = ?`;

const RELEASE = `
  UPDATE snowflake_workers SET holder = NULL, lease_expires_at = NULL WHERE worker_id = ? AND holder = ?`;

/** Worker ids leased in the main cluster's `snowflake_workers`, by the server's time. */
export class SqlWorkerIdLease implements WorkerIdLease {
  private readonly leaseMicroseconds: number;

  /** @param leaseMs how long a silent holder keeps its id. */
  constructor(
    private readonly main: SqlExecutor,
    leaseMs = 30_000,
  ) {
    this.leaseMicroseconds = leaseMs * 1_000;
  }

  async acquire(nowMs: number): Promise<HeldWorkerId> {
    const holder = randomUUID();
    // A worker id whose reservation is past comes first: its ids need not run ahead of the clock.
    const found = await this.claim([holder, this.leaseMicroseconds, nowMs]);
    if (!found) await this.claim([holder, this.leaseMicroseconds, ANY]);
    const [row] = await this.main.query<{ worker_id: number; reserved_until_ms: string }[]>(SELECT_CLAIMED, [
      holder,
    ]);
    if (row === undefined)
      throw new IdLeaseLostError('Every Snowflake worker id is held by a living process');
    return { workerId: row.worker_id, holder, floorMs: Number(row.reserved_until_ms) };
  }

  async reserve({ workerId, holder }: HeldWorkerId, untilMs: number): Promise<boolean> {
    const whose = [this.leaseMicroseconds, workerId, holder];
    if (await this.foundOne(RESERVE, [untilMs, ...whose, untilMs])) return true;
    if (await this.foundOne(KEEP, whose)) throw IdLeaseLostError.tooFarAhead(untilMs);
    return false;
  }

  /** mysql2 asks for found rows, so a reservation that changes nothing still counts. */
  private async foundOne(sql: string, parameters: unknown[]): Promise<boolean> {
    const { affectedRows } = await this.main.query<Changed>(sql, parameters);
    return affectedRows === 1;
  }

  /** From MariaDB 11.6 on, having waited for a rival's row is an error (1020) under REPEATABLE READ. */
  private async claim(parameters: unknown[]): Promise<boolean> {
    for (let retries = 0; ; retries++) {
      try {
        return await this.foundOne(CLAIM, parameters);
      } catch (error) {
        if (retries === MAX_CLAIM_RETRIES || !isRetryableConflict(error)) throw error;
      }
    }
  }

  async release({ workerId, holder }: HeldWorkerId): Promise<void> {
    await this.main.query(RELEASE, [workerId, holder]);
  }
}
