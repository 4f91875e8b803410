import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '@fourfold/kernel';
import { WORKER_ID_COUNT } from './snowflake-layout.js';
import { type HeldWorkerId, IdLeaseLostError, MAX_AHEAD_MS, type WorkerIdLease } from './worker-id.lease.js';

interface Row {
  holder: string | undefined;
  expiresAtMs: number;
  reservedUntilMs: number;
}

/** Worker ids for tests and for tools that are the only process. The clock plays the server's: it ends leases. */
export class InMemoryWorkerIdLease implements WorkerIdLease {
  private readonly rows: Row[];

  constructor(
    private readonly leaseMs = 30_000,
    private readonly clock: Clock = systemClock,
    workerIds = WORKER_ID_COUNT,
  ) {
    this.rows = Array.from({ length: workerIds }, () => ({
      holder: undefined,
      expiresAtMs: 0,
      reservedUntilMs: 0,
    }));
  }

  async acquire(nowMs: number): Promise<HeldWorkerId> {
    const free = (row: Row) => row.holder === undefined || row.expiresAtMs <= this.clock.now();
    const past = this.rows.findIndex((row) => free(row) && row.reservedUntilMs <= nowMs);
    const workerId = past === -1 ? this.rows.findIndex(free) : past;
    const row = this.rows[workerId];
    if (row === undefined)
      throw new IdLeaseLostError('Every Snowflake worker id is held by a living process');
    row.holder = randomUUID();
    row.expiresAtMs = this.clock.now() + this.leaseMs;
    return { workerId, holder: row.holder, floorMs: row.reservedUntilMs };
  }

  async reserve({ workerId, holder }: HeldWorkerId, untilMs: number): Promise<boolean> {
    const row = this.rows[workerId];
    if (row?.holder !== holder) return false;
    row.expiresAtMs = this.clock.now() + this.leaseMs;
    if (untilMs > this.clock.now() + MAX_AHEAD_MS) throw IdLeaseLostError.tooFarAhead(untilMs);
    row.reservedUntilMs = Math.max(row.reservedUntilMs, untilMs);
    return true;
  }

  async release({ workerId, holder }: HeldWorkerId): Promise<void> {
    const row = this.rows[workerId];
    if (row?.holder === holder) row.holder = undefined;
  }
}
