import type { Clock } from '@fourfold/kernel';
import { SEQUENCE_COUNT, snowflakeBits } from '../ids/snowflake-layout.js';
import type { HeldWorkerId, WorkerIdLease } from '../ids/worker-id.lease.js';

/**
 * Snowflakes as they are often written: a worker id of one's own, the time as the clock says it, and a sequence that
 * begins anew in each millisecond.
 */
export class NaiveIds {
  private lastMs = 0;
  private sequence = 0;

  private constructor(
    private readonly lease: WorkerIdLease,
    private readonly held: HeldWorkerId,
    private readonly clock: Clock,
  ) {}

  static async start(lease: WorkerIdLease, clock: Clock): Promise<NaiveIds> {
    return new NaiveIds(lease, await lease.acquire(clock.now()), clock);
  }

  get workerId(): number {
    return this.held.workerId;
  }

  async renew(): Promise<void> {}

  nextBigInt(): bigint {
    let timeMs = this.clock.now();
    this.sequence = timeMs === this.lastMs ? this.sequence + 1 : 0;
    while (this.sequence === SEQUENCE_COUNT) {
      timeMs = this.clock.now();
      if (timeMs !== this.lastMs) this.sequence = 0;
    }
    this.lastMs = timeMs;
    return snowflakeBits({ timeMs, workerId: this.held.workerId, sequence: this.sequence });
  }

  async waitForId(): Promise<string> {
    return this.nextBigInt().toString();
  }

  onApplicationShutdown(): Promise<void> {
    return this.lease.release(this.held);
  }
}
