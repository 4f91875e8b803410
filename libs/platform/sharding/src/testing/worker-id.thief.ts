import { randomUUID } from 'node:crypto';
import { SqlWorkerIdLease } from '../ids/sql-worker-id.lease.js';
import type { HeldWorkerId, WorkerIdLease } from '../ids/worker-id.lease.js';
import type { SqlExecutor } from '../sql/sql-executor.js';

/** Takes one certain worker id, as if its holder had been silent for too long. */
export class WorkerIdThief implements WorkerIdLease {
  private readonly lease: SqlWorkerIdLease;

  constructor(
    private readonly main: SqlExecutor,
    private readonly workerId: number,
  ) {
    this.lease = new SqlWorkerIdLease(main);
  }

  async acquire(): Promise<HeldWorkerId> {
    const { workerId } = this;
    const holder = randomUUID();
    await this.main.query(
      `UPDATE snowflake_workers SET holder = ?, lease_expires_at = UTC_TIMESTAMP(3) + INTERVAL 30 SECOND
       WHERE worker_id = ?`,
      [holder, workerId],
    );
    const [row] = await this.main.query<{ floor: string }[]>(
      'SELECT reserved_until_ms AS floor FROM snowflake_workers WHERE worker_id = ?',
      [workerId],
    );
    return { workerId, holder, floorMs: Number(row!.floor) };
  }

  reserve(held: HeldWorkerId, untilMs: number): Promise<boolean> {
    return this.lease.reserve(held, untilMs);
  }

  release(held: HeldWorkerId): Promise<void> {
    return this.lease.release(held);
  }
}
