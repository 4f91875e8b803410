import { randomUUID } from 'node:crypto';
import { SqlWorkerIdLease } from '../ids/sql-worker-id.lease.js';
import { type HeldWorkerId, IdLeaseLostError, type WorkerIdLease } from '../ids/worker-id.lease.js';
import type { SqlExecutor } from '../sql-executor.js';

const TAKE = `
  UPDATE snowflake_workers SET holder = ?, lease_expires_at = UTC_TIMESTAMP(3) + INTERVAL 30 SECOND
  WHERE worker_id = ? AND (? OR holder IS NULL OR lease_expires_at <= UTC_TIMESTAMP(3))`;

/** Takes one certain worker id: by force, or once its holder has been silent for too long. */
export class WorkerIdThief implements WorkerIdLease {
  private readonly lease: SqlWorkerIdLease;

  constructor(
    private readonly main: SqlExecutor,
    private readonly workerId: number,
    private readonly how: 'by force' | 'when expired',
  ) {
    this.lease = new SqlWorkerIdLease(main);
  }

  async acquire(): Promise<HeldWorkerId> {
    const { workerId } = this;
    const holder = randomUUID();
    const parameters = [holder, workerId, this.how === 'by force'];
    const { affectedRows } = await this.main.query<{ affectedRows: number }>(TAKE, parameters);
    if (affectedRows === 0) throw new IdLeaseLostError(`Worker id ${workerId} is held by a living process`);
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
